//! A deploy that changes a schema and is undone without it.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::check::script;
use crate::ir::Pipeline;

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
