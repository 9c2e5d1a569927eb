//! The pipeline of a workflow and a kind of event: what starts it, its stages, and what stands beside it.

use crate::back::aws::names::{BUCKET, logical};
use crate::back::aws::place::{COMMIT_BRANCH, Place, RUN_EVENT};
use crate::back::aws::policy::{Statement, arn};
use crate::back::aws::schedule;
use crate::back::codebuild::header;
use crate::back::codebuild::project::{days, named, setting};
use crate::back::codebuild::view::Parameter;
use crate::back::codepipeline::project::{connected, id, of_jobs};
use crate::back::codepipeline::told::{self, source};
use crate::back::codepipeline::{is_build, own, place, view};
use crate::back::variables::{self, axis, upper};
use crate::ir::environment::ChannelKind;
use crate::ir::event::{ClauseKind, EventKind, InputKind, InputValue, PathFilter, Pattern, PullRequestType};
use crate::ir::gate::{Approval, GateKind};
use crate::ir::id::GateId;
use crate::ir::job::Mode;
use crate::ir::step::{Moment, Notification};
use crate::plan::job::{JobSource, PlannedJob};
use crate::plan::stages::{Rule, Stage, Subject, Test, legal, stages};
use crate::plan::start::Start;
use crate::plan::{Plan, PlannedWorkflow};

/// The stack of a pipeline. `texts` are the buildspecs of the workflow's jobs.
pub(super) fn stack<'p>(
    plan: &'p Plan<'p>,
    workflow: &'p PlannedWorkflow<'p>,
    start: &Start<'_>,
    starts: &[Start<'_>],
    texts: &[String],
) -> view::Stack {
    let word = format!("{}-{}", workflow.workflow.name.value, start.word());
    let name = format!("{}-{word}", plan.pipeline.name.value);
    let mut parameters: Vec<Parameter> = Vec::new();
    let connection = plan.target.aws.connection.as_ref().map(|c| setting(plan, c, &mut parameters)).unwrap_or_default();
    let mut writer = Writer {
        plan,
        workflow,
        start,
        texts,
        name: &name,
        parameters,
        approvers: Vec::new(),
        topics: Vec::new(),
        statements: Vec::new(),
    };
    let stages: Vec<view::Stage> = stages(plan.pipeline, workflow, start).iter().map(|s| writer.stage(s)).collect();
    let notices: Vec<view::Notice> =
        workflow.workflow.notify.iter().enumerate().filter_map(|(i, n)| writer.notice(n, i)).collect();
    let built: Vec<Place<'p>> =
        workflow.jobs.iter().filter(|j| start.has(j) && is_build(j)).map(|job| place(plan, workflow, job, starts)).collect();
    let (projects, roles) = of_jobs(&built, &name, &connection);
    let Writer { mut parameters, approvers, topics, statements, .. } = writer;
    named(plan, roles.iter().flat_map(|r| &r.statements), &mut parameters);
    let branch = start.schedule.and_then(|s| s.branch.as_ref()).unwrap_or(&plan.pipeline.default_branch);
    let pipeline_arn = arn("codepipeline", &name);
    let queued = workflow.jobs.iter().filter(|j| start.has(j)).any(is_queued);
    let pipeline = view::Pipeline {
        arn: pipeline_arn,
        // In the usual mode a newer run takes the place of one that waits.
        mode: if queued { "QUEUED" } else { "PARALLEL" },
        statements: rights(&projects, &connection, &topics, statements),
        connection,
        repository: plan.target.aws.repository.as_ref().map(|r| r.value.clone()).unwrap_or_default(),
        branch: branch.value.clone(),
        trigger: if start.kind == EventKind::PullRequest { "PullRequest" } else { "Push" },
        filters: filters(workflow, start.kind),
        variables: if start.kind == EventKind::Manual { variables(workflow) } else { Vec::new() },
        stages,
        name: name.clone(),
    };
    view::Stack {
        header: header(plan, None),
        description: format!("{} on {} of {}", workflow.workflow.name.value, start.word(), plan.pipeline.name.value),
        parameters,
        days: days(plan),
        pipeline,
        projects,
        roles,
        approvers,
        schedule: start.schedule.map(|s| view::Schedule {
            expression: schedule::expression(&s.cron.value),
            timezone: s.timezone.as_ref().map_or_else(|| "UTC".to_owned(), |z| z.value.clone()),
            input: serde_json::json!({ "Name": name }).to_string(),
        }),
        notices,
    }
}

/// Whether runs of the pipeline must wait for one another: a job of theirs has a queue.
fn is_queued(job: &PlannedJob<'_>) -> bool {
    let queues = |m: Mode| matches!(m, Mode::QueueAll | Mode::QueueLatest);
    job.environment.as_ref().is_some_and(|e| e.deploys) || job.job.concurrency.as_ref().is_some_and(|c| queues(c.mode.value))
}

fn rights(projects: &[view::Project], connection: &str, topics: &[String], own: Vec<Statement>) -> Vec<Statement> {
    // https://docs.aws.amazon.com/codepipeline/latest/userguide/security-iam.html#how-to-custom-role
    let bucket = format!("${{{BUCKET}.Arn}}");
    let mut all = vec![
        Statement::new(&["s3:GetBucketVersioning"], vec![bucket.clone()]),
        Statement::new(&["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], vec![format!("{bucket}/*")]),
        connected(connection),
    ];
    let builds: Vec<String> = projects.iter().map(|p| format!("${{{}.Arn}}", p.id)).collect();
    if !builds.is_empty() {
        all.push(Statement::new(&["codebuild:BatchGetBuilds", "codebuild:StartBuild"], builds));
    }
    if !topics.is_empty() {
        all.push(Statement::new(&["sns:Publish"], topics.to_vec()));
    }
    for statement in own {
        if !all.contains(&statement) {
            all.push(statement);
        }
    }
    all
}

/// The filters of the trigger for one kind of event.
fn filters(workflow: &PlannedWorkflow<'_>, kind: EventKind) -> Vec<view::Filter> {
    let mut found = Vec::new();
    for clause in &workflow.workflow.on.clauses {
        let filter = match (&clause.kind, kind) {
            (ClauseKind::Push { branches, paths }, EventKind::Push) => filter("Branches", branches, paths.as_ref()),
            (ClauseKind::Branch { branches }, EventKind::Push) => filter("Branches", branches, None),
            (ClauseKind::Tag { names }, EventKind::Tag) => filter("Tags", names, None),
            (ClauseKind::PullRequest { targets, types, paths, .. }, EventKind::PullRequest) => {
                let known = [(PullRequestType::Opened, "OPEN"), (PullRequestType::Updated, "UPDATED")];
                let events = known.into_iter().filter(|(t, _)| types.contains(t)).map(|(_, word)| word);
                view::Filter { events: events.collect(), ..filter("Branches", targets, paths.as_ref()) }
            }
            _ => continue,
        };
        found.push(filter);
    }
    found
}

fn filter(kind: &'static str, pattern: &Pattern, paths: Option<&PathFilter>) -> view::Filter {
    let texts = |globs: &[crate::base::span::Spanned<crate::ir::glob::Glob>]| -> Vec<String> {
        globs.iter().flat_map(|g| g.value.expand_folders()).map(|g| g.text().to_owned()).collect()
    };
    let mut includes = texts(&pattern.include);
    if includes.is_empty() {
        includes.push("**".to_owned());
    }
    view::Filter {
        events: Vec::new(),
        kind,
        includes,
        excludes: texts(&pattern.except),
        files: paths.map(|p| texts(&p.pattern.include)).unwrap_or_default(),
        files_left_out: paths.map(|p| texts(&p.pattern.except)).unwrap_or_default(),
    }
}

/// The inputs of a manual run.
fn variables(workflow: &PlannedWorkflow<'_>) -> Vec<view::Variable> {
    let of = |input: &crate::ir::event::Input| {
        let kind = match &input.kind {
            InputKind::String => String::new(),
            InputKind::Boolean => "true or false".to_owned(),
            InputKind::Number => "a number".to_owned(),
            InputKind::Choice(options) => options.iter().map(|o| o.value.as_str()).collect::<Vec<_>>().join(", "),
            InputKind::Environment => "an environment".to_owned(),
        };
        let words: Vec<String> = input.description.iter().cloned().chain([kind]).filter(|w| !w.is_empty()).collect();
        let boolean = matches!(input.kind, InputKind::Boolean) && !input.required;
        let default = input.default.as_ref().map(|d| match &d.value {
            InputValue::String(text) => text.clone(),
            InputValue::Bool(value) => value.to_string(),
            InputValue::Number(value) => value.to_string(),
        });
        view::Variable {
            name: input.name.value.clone(),
            default: default.or_else(|| boolean.then(|| "false".to_owned())),
            description: words.join(": "),
        }
    };
    workflow.workflow.inputs.iter().map(of).collect()
}

struct Writer<'p, 's> {
    plan: &'p Plan<'p>,
    workflow: &'p PlannedWorkflow<'p>,
    start: &'s Start<'s>,
    texts: &'s [String],
    name: &'s str,
    parameters: Vec<Parameter>,
    approvers: Vec<view::Approvers>,
    topics: Vec<String>,
    /// What actions of the vendor's own need to be allowed.
    statements: Vec<Statement>,
}

impl Writer<'_, '_> {
    fn stage(&mut self, stage: &Stage) -> view::Stage {
        let mut actions = Vec::new();
        for (at, order) in &stage.jobs {
            let job = &self.workflow.jobs[*at];
            match job.source {
                JobSource::Approval { gate, .. } => {
                    let name = legal(&job.title);
                    let approval = self.approval(gate, &stage.name, &name);
                    actions.push(view::Action { name, order: *order, build: None, approval, own: Vec::new() });
                }
                JobSource::Spec(_) if job.job.is_an_action() => {
                    let (own, statements) = own::action(self.plan, &job.job, &mut self.parameters);
                    self.statements.extend(statements);
                    actions.push(view::Action { name: legal(&job.title), order: *order, build: None, approval: None, own });
                }
                JobSource::Spec(_) => actions.extend(self.builds(job, &self.texts[*at], *order)),
            }
        }
        let mut rules: Vec<view::Rule> = stage.rules.iter().map(rule).collect();
        // Two tests may look at one name.
        for at in 1..rules.len() {
            let same = rules[..at].iter().filter(|r| r.variable == rules[at].variable).count();
            if same > 0 {
                rules[at].name.push_str(&format!("-{}", same + 1));
            }
        }
        view::Stage { name: stage.name.clone(), rules, actions }
    }

    /// The actions of a job: one, or one for each cell of its matrix.
    fn builds(&self, job: &PlannedJob<'_>, text: &str, order: usize) -> Vec<view::Action> {
        let project = id(job);
        let passed = self.passed(text);
        let action = |name: String, own: Vec<(String, String)>| {
            let all: Vec<serde_json::Value> = passed
                .iter()
                .cloned()
                .chain(own)
                .map(|(name, value)| serde_json::json!({ "name": name, "type": "PLAINTEXT", "value": value }))
                .collect();
            let variables = (!all.is_empty()).then(|| serde_json::Value::Array(all).to_string());
            let build = Some(view::Build { project: project.clone(), variables });
            view::Action { name, order, build, approval: None, own: Vec::new() }
        };
        let Some(matrix) = &job.job.matrix else { return vec![action(legal(&job.title), Vec::new())] };
        let cell = |cell: &Vec<Option<String>>| {
            let own: Vec<(String, String)> =
                matrix.axes.iter().zip(cell).filter_map(|(a, v)| v.as_ref().map(|v| (axis(&a.value), v.clone()))).collect();
            let words: Vec<&str> = std::iter::once(job.title.as_str()).chain(own.iter().map(|(_, v)| v.as_str())).collect();
            action(legal(&words.join("-")), own)
        };
        matrix.cells.iter().map(cell).collect()
    }

    /// What a build is told of its event: what its buildspec reads.
    fn passed(&self, text: &str) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            vec![("RUN_ID".to_owned(), told::RUN.to_owned()), (RUN_EVENT.to_owned(), self.start.kind.word().to_owned())];
        let mut set = |name: &str, value: String| all.push((name.to_owned(), value));
        match self.start.kind {
            EventKind::Tag => set("COMMIT_TAG", told::variable(&Subject::Tag)),
            EventKind::PullRequest => {
                set("PR_NUMBER", source("PullRequestId"));
                set("PR_TITLE", source("PullRequestTitle"));
                set("PR_SOURCE", told::variable(&Subject::Head));
                set("PR_TARGET", told::variable(&Subject::Target));
            }
            EventKind::Push | EventKind::Manual | EventKind::Schedule | EventKind::Release | EventKind::Raw => {
                set(COMMIT_BRANCH, told::variable(&Subject::Branch));
            }
        }
        if self.start.kind == EventKind::Manual {
            for input in &self.workflow.workflow.inputs {
                set(&variables::input(&input.name.value), told::variable(&Subject::Input(input.name.value.clone())));
            }
        }
        all.retain(|(name, _)| mentions(text, name));
        all
    }

    fn approval(&mut self, gate: GateId, stage: &str, action: &str) -> Option<view::Approval> {
        let GateKind::Approval(approval) = &self.plan.pipeline.gate(gate).kind else { return None };
        let topic = self.topic(approval);
        self.allow(approval, &format!("{}/{stage}/{action}", arn("codepipeline", self.name)));
        let message = approval.message.as_ref().map(|m| told::of_start(self.plan, m, self.name, self.start.kind));
        let list: Vec<String> = approval.checklist.iter().map(|c| format!("[ ] {c}")).collect();
        let lines: Vec<String> = message.into_iter().chain(list).collect();
        Some(view::Approval {
            topic,
            text: (!lines.is_empty()).then(|| lines.join("\n")),
            // What is about to be let through.
            link: self
                .plan
                .target
                .aws
                .repository
                .as_ref()
                .map(|r| format!("https://github.com/{}/commit/{}", r.value, source("CommitId"))),
            minutes: approval.timeout.as_ref().map(|t| t.value.seconds.div_ceil(60)),
        })
    }

    fn topic(&mut self, approval: &Approval) -> Option<String> {
        let team = approval.from.iter().find_map(|t| self.plan.pipeline.teams[t.value.index()].topic.as_ref())?;
        let topic = setting(self.plan, team, &mut self.parameters);
        if !self.topics.contains(&topic) {
            self.topics.push(topic.clone());
        }
        Some(topic)
    }

    /// A policy for each team that is asked: its people may decide these actions.
    fn allow(&mut self, approval: &Approval, action: &str) {
        for team in &approval.from {
            let name = &self.plan.pipeline.teams[team.value.index()].name.value;
            let id = format!("{}Approvers", logical(name));
            match self.approvers.iter_mut().find(|a| a.id == id) {
                Some(known) => known.actions.push(action.to_owned()),
                None => self.approvers.push(view::Approvers {
                    id,
                    description: format!("Attach it to the people of {name}: they may decide these approvals"),
                    actions: vec![action.to_owned()],
                }),
            }
        }
    }

    /// A rule that tells a topic how a run ended.
    fn notice(&mut self, notification: &Notification, at: usize) -> Option<view::Notice> {
        let channel = &self.plan.pipeline.channels[notification.channel.index()];
        let ChannelKind::Sns { topic } = &channel.kind else { return None };
        let mut states: Vec<&'static str> = Vec::new();
        for moment in &notification.on {
            states.extend(match moment.value {
                Moment::Started => &["STARTED"][..],
                Moment::Success => &["SUCCEEDED"],
                Moment::Failure => &["FAILED"],
                Moment::Always => &["SUCCEEDED", "FAILED", "STOPPED"],
                Moment::ApprovalRequested | Moment::Rollback | Moment::GateFailed => &[],
            });
        }
        let approval = states.is_empty() && notification.on.iter().any(|m| m.value == Moment::ApprovalRequested);
        if states.is_empty() && !approval {
            return None;
        }
        let text = told::of_run(self.plan, &notification.text, self.name);
        let number = if at == 0 { String::new() } else { (at + 1).to_string() };
        Some(view::Notice {
            id: format!("Tell{}{number}", logical(&channel.name.value)),
            description: format!("Tells {} of runs of {}", channel.name.value, self.name),
            approval,
            states,
            topic: setting(self.plan, topic, &mut self.parameters),
            run: text.contains("<run>"),
            state: text.contains("<state>"),
            text: serde_json::Value::String(text).to_string(),
        })
    }
}

/// Whether a buildspec reads a variable.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_none_or(|c| !part(c));
        before && text[at + name.len()..].chars().next().is_none_or(|c| !part(c))
    })
}

fn rule(rule: &Rule) -> view::Rule {
    let word = match &rule.subject {
        Subject::Branch => "branch".to_owned(),
        Subject::Tag => "tag".to_owned(),
        Subject::Target => "target".to_owned(),
        Subject::Head => "head".to_owned(),
        Subject::Input(name) => upper(name).to_lowercase(),
    };
    let (operator, value) = match &rule.test {
        Test::Is(text) => ("EQ", text),
        Test::IsNot(text) => ("NE", text),
        Test::Matches(regex) => ("MATCHES", regex),
    };
    view::Rule { name: word, variable: told::variable(&rule.subject), operator, value: value.clone() }
}
