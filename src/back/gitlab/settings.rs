//! Settings of a GitLab project: protected environments and branches, merge rules, schedules and variables.
//!
//! Bodies as the REST API takes them: <https://docs.gitlab.com/api/protected_environments/>, <https://docs.gitlab.com/api/protected_branches/>,
//! <https://docs.gitlab.com/api/merge_request_approvals/>, <https://docs.gitlab.com/api/pipeline_schedules/>,
//! <https://docs.gitlab.com/api/project_level_variables/>.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::back::gitlab::value::SCHEDULE;
use crate::back::settings::{Part, approvals, list, pretty};
use crate::ir::environment::{LicenceTier, Protection};
use crate::ir::job::Mode;
use crate::plan::Plan;
use crate::plan::settings::{Outside, OutsideEnvironment};

/// Who may push, merge or deploy: <https://docs.gitlab.com/api/protected_branches/#valid-access-levels>.
const NOBODY: u8 = 0;
const DEVELOPERS: u8 = 30;
const MAINTAINERS: u8 = 40;

#[derive(Serialize)]
struct ProjectView {
    project: Map<String, Value>,
    approvals: Map<String, Value>,
    protected_branches: Vec<Value>,
    approval_rules: Vec<Value>,
    protected_environments: Vec<Value>,
    pipeline_schedules: Vec<Value>,
    variables: Vec<VariableView>,
}

#[derive(Serialize)]
struct VariableView {
    key: String,
    environment_scope: String,
    masked: bool,
}

/// The JSON, and the parts of the checklist.
pub(in crate::back) fn settings(plan: &Plan<'_>, outside: &Outside<'_>) -> (String, Vec<Part>) {
    // Protected environments and approval rules are bought: <https://docs.gitlab.com/ci/environments/protected_environments/>.
    let paid = plan.target.tier != LicenceTier::Free;
    let protect: Vec<&Protection> = plan.pipeline.repository.iter().flat_map(|r| &r.protect).collect();
    let guarded: Vec<&OutsideEnvironment<'_>> = outside.environments.iter().filter(|e| paid && e.count > 0).collect();
    let schedules = schedules(plan);
    let view = ProjectView {
        project: project(plan, &protect),
        approvals: if paid && protect.iter().any(|p| has(p, "dismiss-stale")) {
            Map::from_iter([("reset_approvals_on_push".to_owned(), json!(true))])
        } else {
            Map::new()
        },
        protected_branches: protect.iter().flat_map(|p| branches(p, paid)).collect(),
        approval_rules: protect.iter().filter(|p| paid && p.approvals > 0).map(|p| rule(p)).collect(),
        protected_environments: guarded.iter().map(|e| environment(e)).collect(),
        pipeline_schedules: schedules,
        variables: variables(outside),
    };
    let mut parts: Vec<Part> =
        outside.environments.iter().map(|e| Part { title: format!("Environment {}", e.name), items: items(e, paid) }).collect();
    let said = protect.iter().map(|p| {
        let names: Vec<String> = p.branches.iter().map(|b| b.value.text().to_owned()).collect();
        let flags: Vec<&str> = p.flags.iter().map(|f| f.value.as_str()).collect();
        let checks = if p.checks.is_empty() { "" } else { "; merges only after a green pipeline" };
        let flags = if flags.is_empty() { String::new() } else { format!("; {}", flags.join(", ")) };
        format!("Protect {}: {}{checks}{flags}", list(&names), approvals(p.approvals))
    });
    parts.push(Part { title: "Branches".to_owned(), items: said.collect() });
    let said = view.pipeline_schedules.iter().map(|s| {
        let text = |key: &str| s[key].as_str().unwrap_or_default().to_owned();
        format!(
            "`{}`: `{}` ({}) on `{}`, variable `{SCHEDULE}={}`",
            text("description"),
            text("cron"),
            text("cron_timezone"),
            text("ref"),
            text("description")
        )
    });
    parts.push(Part { title: "Schedules".to_owned(), items: said.collect() });
    let said = view
        .variables
        .iter()
        .filter(|v| v.environment_scope == "*")
        .map(|v| if v.masked { format!("Variable `{}`, masked and hidden", v.key) } else { format!("Variable `{}`", v.key) });
    parts.push(Part { title: "Variables of the project".to_owned(), items: said.collect() });
    (pretty(&view), parts)
}

fn has(protection: &Protection, flag: &str) -> bool {
    protection.flags.iter().any(|f| f.value == flag)
}

fn items(outside: &OutsideEnvironment<'_>, paid: bool) -> Vec<String> {
    let mut items = Vec::new();
    if outside.count > 0 {
        let who = if outside.reviewers.is_empty() { "the maintainers".to_owned() } else { list(&outside.reviewers) };
        let alone = if outside.exclude_author { ", never who started the pipeline" } else { "" };
        items.push(if paid {
            format!("Protected environment: {who} may deploy, {}{alone}. **Without it anyone who may run the pipeline lets it pass.**", approvals(outside.count))
        } else {
            format!("Nothing protects it without Premium: tell everyone that only {who} press the button")
        });
    }
    items.extend(outside.secrets.iter().map(|s| format!("Variable `{s}`, masked, environment scope `{}`", outside.name)));
    items
}

fn environment(outside: &OutsideEnvironment<'_>) -> Value {
    let who: Vec<Value> = match outside.reviewers.as_slice() {
        [] => vec![json!({ "access_level": MAINTAINERS })],
        teams => teams.iter().map(|t| json!({ "group": t })).collect(),
    };
    let rules: Vec<Value> = outside
        .reviewers
        .iter()
        .filter(|_| outside.count > 1)
        .map(|t| json!({ "group": t, "required_approvals": outside.count }))
        .collect();
    json!({ "name": outside.name, "deploy_access_levels": who, "approval_rules": rules })
}

/// A glob of GitLab's own knows `*` only, and it takes slashes too: <https://docs.gitlab.com/user/project/repository/branches/protected/#use-wildcard-rules>.
fn branches(protection: &Protection, paid: bool) -> Vec<Value> {
    let mut names: Vec<String> = Vec::new();
    for glob in protection.branches.iter().flat_map(|b| b.value.expand_braces()) {
        let name = glob.text().replace("**", "*").replace('?', "*");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let push = if has(protection, "admins-exempt") { MAINTAINERS } else { NOBODY };
    let body = |name: String| {
        let mut body =
            json!({ "name": name, "push_access_level": push, "merge_access_level": DEVELOPERS, "allow_force_push": false });
        if paid {
            body["code_owner_approval_required"] = json!(has(protection, "code-owners"));
        }
        body
    };
    names.into_iter().map(body).collect()
}

fn rule(protection: &Protection) -> Value {
    let names: Vec<&str> = protection.branches.iter().map(|b| b.value.text()).collect();
    json!({ "name": format!("protect {}", names.join(" ")), "approvals_required": protection.approvals, "branches": names })
}

fn project(plan: &Plan<'_>, protect: &[&Protection]) -> Map<String, Value> {
    let mut body = Map::new();
    if protect.iter().any(|p| !p.checks.is_empty()) {
        body.insert("only_allow_merge_if_pipeline_succeeds".to_owned(), json!(true));
    }
    let any = |flag: &str| protect.iter().any(|p| has(p, flag));
    if any("linear-history") {
        body.insert("merge_method".to_owned(), json!("ff"));
    } else if any("strict") {
        body.insert("merge_method".to_owned(), json!("rebase_merge"));
    }
    let cancels = |c: &crate::ir::job::Concurrency| c.mode.value == Mode::CancelRunning;
    if plan.workflows.iter().any(|w| w.workflow.concurrency.as_ref().is_some_and(cancels)) {
        body.insert("auto_cancel_pending_pipelines".to_owned(), json!("enabled"));
    }
    body
}

fn schedules(plan: &Plan<'_>) -> Vec<Value> {
    let all = plan.workflows.iter().flat_map(|w| &w.workflow.schedules);
    let view = all.map(|s| {
        json!({
            "description": s.name.value,
            "ref": s.branch.as_ref().map_or(&plan.pipeline.default_branch.value, |b| &b.value),
            "cron": s.cron.value.text(),
            "cron_timezone": s.timezone.as_ref().map_or("UTC", |t| t.value.as_str()),
            "active": true,
            "variables": [{ "key": SCHEDULE, "value": s.name.value }],
        })
    });
    view.collect()
}

fn variables(outside: &Outside<'_>) -> Vec<VariableView> {
    let one = |key: &String, scope: &str, masked| VariableView { key: key.clone(), environment_scope: scope.to_owned(), masked };
    let everywhere =
        outside.secrets.iter().map(|s| one(s, "*", true)).chain(outside.variables.iter().map(|v| one(v, "*", false)));
    let scoped = outside.environments.iter().flat_map(|e| e.secrets.iter().map(move |s| one(s, &e.name, true)));
    everywhere.chain(scoped).collect()
}
