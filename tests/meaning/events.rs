//! The classes of events of a spec, and the presence of its jobs.

use super::{all, good, meaning, shown};

#[test]
fn every_kind_has_the_classes_that_the_spec_tells_apart() {
    let pipeline = good(
        r#"workflow ci {
            on { push "**"; tag "v*.*.*"; pull-request main "release/*"; schedule nightly "0 3 * * *"; release published }
            job lint { run "true" }
            job image { only { push main; tag }; run "true" }
        }"#,
    );
    assert_eq!(
        all(&pipeline),
        [
            "on a push to `feature/x`",
            "on a push to `main`",
            "on tag `v1.2.3`",
            "on a pull request from `feature/x` to `main`",
            "on schedule `nightly`",
            "on the release of `v1.2.3`",
        ]
    );
    assert_eq!(shown(&pipeline, &pipeline.jobs[0].present).len(), 6);
    assert_eq!(shown(&pipeline, &pipeline.jobs[1].present), ["on a push to `main`", "on tag `v1.2.3`"]);
}

#[test]
fn conditions_split_classes_and_decide_presence() {
    let pipeline = good(
        r#"workflow ci {
            on { push; manual { input level type=choice { option low; option high }; input where; input loud type=boolean default=#false } }
            job a { if "commit.branch matches 'release/*' || input.level == 'high'"; run "true" }
            job b { if "input.where == 'here'"; run "true" }
            job c { if "!input.loud"; run "true" }
            job d { if "commit.message == 'x'"; run "true" }
        }"#,
    );
    let of = |i: usize| shown(&pipeline, &pipeline.jobs[i].present);
    assert_eq!(of(0).len(), 1 + 2 * 2 + 2 * 2 * 2, "{:?}", of(0));
    assert!(of(0).iter().all(|e| e.contains("`release/") || e.contains("level=high")));
    assert!(of(1).iter().all(|e| e.contains("where=here")) && !of(1).is_empty());
    assert!(of(2).contains(&"on a push to `main`".to_owned()) && of(2).iter().all(|e| !e.contains("loud=true")));
    assert_eq!((of(3).len(), pipeline.jobs[3].possible.count()), (0, pipeline.events.len()));
}

#[test]
fn files_come_in_the_smallest_sets_that_tell_jobs_apart() {
    let pipeline = good(
        r#"workflow ci {
            on { push main { paths "services/**" }; tag }
            job api { only { push { paths "services/api/**" }; tag }; run "true" }
            job web { only { push { paths "services/web/**" } }; run "true" }
            job both { only { push { paths "docs/**" } }; run "true" }
        }"#,
    );
    let of = |i: usize| shown(&pipeline, &pipeline.jobs[i].present);
    assert!(of(0).contains(&"on a push to `main` that changes `services/api/x`".to_owned()), "{:?}", all(&pipeline));
    assert!(!of(1).contains(&"on a push to `main` that changes `services/api/x`".to_owned()));
    assert!(!of(2).is_empty() && of(2).iter().all(|e| e.contains("more")), "{:?}", of(2));
    assert_eq!(all(&pipeline).iter().filter(|e| e.contains("tag")).count(), 1);
}

#[test]
fn a_manual_run_is_of_one_workflow() {
    let pipeline = good(
        r#"workflow a { on { manual }; job x { run "true" } }
        workflow b { on { manual }; job y { run "true" } }"#,
    );
    assert_eq!(pipeline.events.len(), 2);
    assert_eq!(pipeline.jobs.iter().map(|j| j.present.iter().collect::<Vec<_>>()).collect::<Vec<_>>(), [[0], [1]]);
}

#[test]
fn too_many_classes_are_refused_in_words() {
    let inputs: String = (0..14).map(|i| format!("input i{i} type=boolean;")).collect();
    let jobs: String = (0..14).map(|i| format!("job j{i} {{ if \"input.i{i}\"; run \"true\" }}\n")).collect();
    let (pipeline, found) = meaning(&format!("workflow w {{ on {{ manual {{ {inputs} }} }}\n{jobs} }}"));
    assert!(pipeline.events.is_empty());
    assert_eq!(
        found,
        ["too-many-event-classes: the filters and conditions tell apart more than 8192 classes of `manual` events"]
    );
}

#[test]
fn equal_filters_cost_once() {
    let jobs: String = (0..3_000).map(|i| format!("job j{i} {{ only {{ push main \"release/*\" }}; run \"true\" }}\n")).collect();
    let pipeline = good(&format!("workflow w {{ on {{ push; tag }}\n{jobs} }}"));
    assert_eq!((pipeline.events.len(), pipeline.jobs[2_999].present.count()), (3, 1));
}
