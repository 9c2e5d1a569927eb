//! Settings of a GitHub repository: environments, rulesets, secrets and variables.
//!
//! Bodies as the REST API takes them: <https://docs.github.com/en/rest/deployments/environments>,
//! <https://docs.github.com/en/rest/deployments/branch-policies>, <https://docs.github.com/en/rest/repos/rules>.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::back::settings::{Part, approvals, list, pretty};
use crate::ir::environment::Protection;
use crate::ir::glob::{Glob, GlobPiece};
use crate::plan::Plan;
use crate::plan::settings::{Outside, OutsideEnvironment, Refs};

#[derive(Serialize)]
struct RepositoryView {
    environments: Vec<EnvironmentView>,
    rulesets: Vec<Value>,
    secrets: Vec<String>,
    variables: BTreeMap<String, Option<String>>,
}

#[derive(Serialize)]
struct EnvironmentView {
    name: String,
    /// `organisation/team`; the API wants their numbers, which the script looks up.
    reviewers: Vec<String>,
    settings: Value,
    refs: Vec<RefView>,
    secrets: Vec<String>,
}

#[derive(Serialize)]
struct RefView {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
}

/// The JSON, and the parts of the checklist.
pub(in crate::back) fn settings(plan: &Plan<'_>, outside: &Outside<'_>) -> (String, Vec<Part>) {
    let protect = plan.pipeline.repository.iter().flat_map(|r| &r.protect);
    let view = RepositoryView {
        environments: outside.environments.iter().map(|e| environment(plan, e)).collect(),
        rulesets: protect.clone().map(|p| ruleset(plan, p)).collect(),
        secrets: outside.secrets.clone(),
        variables: outside.variables.iter().map(|name| (name.clone(), None)).collect(),
    };
    let mut parts: Vec<Part> = Vec::new();
    for (view, outside) in view.environments.iter().zip(&outside.environments) {
        parts.push(Part { title: format!("Environment {}", view.name), items: items(view, outside) });
    }
    let rules = protect.map(|p| {
        let branches: Vec<String> = p.branches.iter().map(|b| b.value.text().to_owned()).collect();
        let flags: Vec<&str> = p.flags.iter().map(|f| f.value.as_str()).collect();
        let checks: Vec<String> = p.checks.iter().map(|c| check(plan, c.value)).collect();
        let mut said = vec![approvals(p.approvals)];
        said.extend((!checks.is_empty()).then(|| format!("required checks {}", list(&checks))));
        said.extend((!flags.is_empty()).then(|| flags.join(", ")));
        format!("A ruleset for {}: {}", list(&branches), said.join("; "))
    });
    parts.push(Part { title: "Branches".to_owned(), items: rules.collect() });
    parts.push(Part {
        title: "Secrets and variables of the repository".to_owned(),
        items: outside
            .secrets
            .iter()
            .map(|s| format!("Secret `{s}`"))
            .chain(outside.variables.iter().map(|v| format!("Variable `{v}`")))
            .collect(),
    });
    (pretty(&view), parts)
}

fn items(view: &EnvironmentView, outside: &OutsideEnvironment<'_>) -> Vec<String> {
    let mut items = Vec::new();
    if outside.count > 0 {
        let who = if view.reviewers.is_empty() { "whom the spec does not name".to_owned() } else { list(&view.reviewers) };
        let alone = if outside.exclude_author { ", never who started the run" } else { "" };
        items.push(format!("Required reviewers: {who}{alone}. **Without them it deploys unasked.**"));
    }
    if !view.refs.is_empty() {
        let names: Vec<String> = view.refs.iter().map(|r| format!("{} `{}`", r.kind, r.name)).collect();
        items.push(format!("Deployment branches and tags: {}", names.join(", ")));
    }
    items.extend(view.secrets.iter().map(|s| format!("Secret `{s}`")));
    if items.is_empty() {
        items.push("Create it; it asks nobody and holds no secret".to_owned());
    }
    items
}

fn environment(plan: &Plan<'_>, outside: &OutsideEnvironment<'_>) -> EnvironmentView {
    let refs = outside.refs(&plan.pipeline.default_branch.value).map(|r| refs(&r)).unwrap_or_default();
    let policy =
        if refs.is_empty() { Value::Null } else { json!({ "protected_branches": false, "custom_branch_policies": true }) };
    EnvironmentView {
        name: outside.name.clone(),
        reviewers: outside.reviewers.clone(),
        settings: json!({ "prevent_self_review": outside.exclude_author, "deployment_branch_policy": policy }),
        refs,
        secrets: outside.secrets.clone(),
    }
}

/// A pull request runs on `refs/pull/N/merge`, which a policy takes as a branch.
fn refs(refs: &Refs) -> Vec<RefView> {
    let pull = refs.pull_requests.then(|| RefView { kind: "branch", name: "refs/pull/*/merge".to_owned() });
    let named = |kind| move |glob: &Glob| RefView { kind, name: fnmatch(glob) };
    refs.branches.iter().map(named("branch")).chain(refs.tags.iter().map(named("tag"))).chain(pull).collect()
}

/// A glob as Ruby's `File.fnmatch` takes it, for which `**` is only special before a slash:
/// <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#using-fnmatch-syntax>.
fn fnmatch(glob: &Glob) -> String {
    match glob.pieces() {
        [.., GlobPiece::AnyRun] => format!("{}/*", glob.text()),
        _ => glob.text().to_owned(),
    }
}

/// The name of the check that a job makes: what its `name:` says.
fn check(plan: &Plan<'_>, id: crate::ir::id::JobId) -> String {
    plan.job(id).map_or_else(|| plan.pipeline.job(id).name.value.clone(), |(_, job)| job.title.clone())
}

fn ruleset(plan: &Plan<'_>, protection: &Protection) -> Value {
    let has = |flag: &str| protection.flags.iter().any(|f| f.value == flag);
    let include: Vec<String> = protection
        .branches
        .iter()
        .flat_map(|b| b.value.expand_braces())
        .map(|glob| match glob.is_literal() {
            Some(name) if name == plan.pipeline.default_branch.value => "~DEFAULT_BRANCH".to_owned(),
            _ if matches!(glob.pieces(), [GlobPiece::AnyRun]) => "~ALL".to_owned(),
            _ => format!("refs/heads/{}", fnmatch(&glob)),
        })
        .collect();
    let branches: Vec<&str> = protection.branches.iter().map(|b| b.value.text()).collect();
    let mut rules = vec![json!({ "type": "deletion" }), json!({ "type": "non_fast_forward" })];
    if has("linear-history") {
        rules.push(json!({ "type": "required_linear_history" }));
    }
    if protection.approvals > 0 || has("dismiss-stale") || has("code-owners") {
        rules.push(json!({ "type": "pull_request", "parameters": {
            "required_approving_review_count": protection.approvals,
            "dismiss_stale_reviews_on_push": has("dismiss-stale"),
            "require_code_owner_review": has("code-owners"),
            "require_last_push_approval": false,
            "required_review_thread_resolution": false,
        } }));
    }
    if !protection.checks.is_empty() {
        let checks: Vec<Value> = protection.checks.iter().map(|c| json!({ "context": check(plan, c.value) })).collect();
        rules.push(json!({ "type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": has("strict"),
            "required_status_checks": checks,
        } }));
    }
    // Role 5 is that of the repository's administrators.
    let bypass = if has("admins-exempt") {
        json!([{ "actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always" }])
    } else {
        json!([])
    };
    json!({
        "name": format!("protect {}", branches.join(" ")),
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": bypass,
        "conditions": { "ref_name": { "include": include, "exclude": [] } },
        "rules": rules,
    })
}
