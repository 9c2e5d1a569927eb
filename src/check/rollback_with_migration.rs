//! A deploy that changes a schema and is undone without it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::check::script;
use crate::ir::Pipeline;
use crate::ir::job::Job;
use crate::ir::step::StepKind;

/// Commands that change a schema forward.
const MIGRATIONS: &[&str] = &[
    "manage.py migrate",
    "alembic upgrade",
    "flyway migrate",
    "liquibase update",
    "db:migrate",
    "prisma migrate deploy",
    "knex migrate:latest",
    "typeorm migration:run",
    "sequelize db:migrate",
    "goose up",
    "dbmate up",
    "ef database update",
    "artisan migrate",
];

/// Words by which a rollback says that it minds the schema too.
const BACKWARD: &[&str] =
    &["downgrade", "rollback", "undo-migration", "migrate:down", "migration:revert", "db:rollback", "goose down"];

pub(super) fn check(pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
    for job in &pipeline.jobs {
        let Some(rollback) = job.deploy.as_ref().and_then(|d| d.rollback.as_ref()) else { continue };
        let minds = rollback.steps.iter().flat_map(script::lines).any(|t| {
            let text = script::marked(t);
            BACKWARD.iter().any(|w| text.contains(w)) && !text.contains("helm rollback")
        });
        let migration = job.steps.iter().flat_map(script::lines).find(|t| {
            let text = script::marked(t);
            MIGRATIONS.iter().any(|m| text.contains(m))
        });
        if let Some((span, app)) = of_app(pipeline, job) {
            diagnostics.push(
                Diagnostic::warning(
                    "rollback-with-migration",
                    span,
                    format!("the rollback of `{}` brings back `{app}`, not the schema", job.name.value),
                )
                .label("changes the schema")
                .related(rollback.span, "undoes the rest")
                .help("change schemas so that the version before still runs (expand, deploy, contract), and say so: migrate \"…\" compatible"),
            );
        }
        let Some(text) = migration.filter(|_| !minds) else { continue };
        diagnostics.push(
            Diagnostic::warning(
                "rollback-with-migration",
                text.span,
                format!("the rollback of `{}` brings back the program, not the schema", job.name.value),
            )
            .label("changes the schema")
            .related(rollback.span, "undoes the rest")
            .help("change schemas so that the version before still runs (expand, deploy, contract), or migrate back in the rollback"),
        );
    }
}

/// An app of a deploy, or a service on a server, whose migration the version before may not survive.
fn of_app<'p>(pipeline: &'p Pipeline, job: &'p Job) -> Option<(Span, &'p str)> {
    let environment = job.environment.as_ref()?.environment;
    job.steps.iter().find_map(|s| {
        if let StepKind::Ssh(ssh) = &s.kind {
            let migrate = ssh.compose.as_ref()?.migrate.as_ref()?;
            return (!migrate.compatible).then_some((migrate.span, migrate.service.as_str()));
        }
        let StepKind::App(step) = &s.kind else { return None };
        let app = pipeline.app(step.app);
        let migrate = app.place(environment)?.settings.migrate.as_ref()?;
        (!migrate.compatible).then_some((migrate.span, app.name.value.as_str()))
    })
}
