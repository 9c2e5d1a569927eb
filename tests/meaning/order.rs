//! Implied edges, and circles of them.

use super::{good, meaning};
use pipewright::ir::Pipeline;

fn edges(pipeline: &Pipeline) -> Vec<String> {
    let mut found = Vec::new();
    for job in &pipeline.jobs {
        for need in &job.needs {
            found.push(format!("{} {:?} {}", job.name.value, need.kind, pipeline.job(need.job).name.value));
        }
    }
    found
}

#[test]
fn a_stage_waits_for_the_nearest_that_has_a_job_for_the_event() {
    let pipeline = good(
        r#"workflow ci {
            on { push main; tag }
            stage one { job a { run "true" } }
            stage two { job b { only { tag }; run "true" } }
            stage three { job c { run "true" }; job d { needs a; run "true" }; job e { needs none; run "true" } }
            stage four { needs none; job f { run "true" } }
            stage five { needs one; job g { run "true" }; job h { only { push }; after f; run "true" } }
            stage six { job i { only { push }; run "true" } }
        }"#,
    );
    assert_eq!(
        edges(&pipeline),
        ["b Stage a", "c Stage a", "c Stage b", "d Strict a", "g Stage a", "h Stage a", "h After f", "i Stage g", "i Stage h"]
    );
}

#[test]
fn a_stage_that_only_may_have_a_job_does_not_end_the_search() {
    let pipeline = good(
        r#"workflow ci {
            on { push main }
            stage one { job a { run "true" } }
            stage two { job b { if "commit.message == 'x'"; run "true" } }
            stage three { job c { run "true" } }
        }"#,
    );
    assert_eq!(edges(&pipeline), ["b Stage a", "c Stage a", "c Stage b"]);
}

#[test]
fn promotion_reaches_over_an_environment_that_an_event_leaves_out() {
    let pipeline = good(
        r#"environment dev { }
        environment staging { after dev }
        environment production { after staging }
        workflow cd {
            on { push main develop }
            deploy to-production to=production { run "true" }
            deploy to-staging to=staging { only { push develop }; run "true" }
            deploy to-dev to=dev { run "true" }
        }"#,
    );
    assert_eq!(
        edges(&pipeline),
        ["to-production Promotion to-staging", "to-production Promotion to-dev", "to-staging Promotion to-dev"]
    );
}

#[test]
fn a_required_gate_is_waited_for_and_the_strictest_edge_stays() {
    let pipeline = good(
        r#"workflow ci {
            on { push main }
            stage test { job unit { run "true"; gate tests-pass junit file="junit.xml" } }
            stage build { requires tests-pass; job image { run "true" }; job other { needs unit; run "true" } }
        }"#,
    );
    assert_eq!(edges(&pipeline), ["image Gate unit", "other Strict unit"]);
}

#[test]
fn circles_are_shown_once_with_every_edge() {
    let (_, found) = meaning(
        r#"workflow ci {
            on { push main }
            job a { needs b; run "true" }
            job b { after c; run "true" }
            job c { needs a; run "true" }
            job d { needs d; run "true" }
        }"#,
    );
    assert_eq!(
        found,
        ["dependency-cycle: these jobs wait for one another: `a` -> `b` -> `c` -> `a`", "dependency-cycle: `d` waits for itself"]
    );
}
