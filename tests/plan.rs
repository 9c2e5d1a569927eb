//! `pipewright plan` and `pipewright test`: the runs of a spec, shown and expected.

use crate::cli::Place;

const SPEC: &str = r#"pipeline shop { language 1 }
target github
target gitlab standby tier=premium
accept gitlab secret-scope reason="reviewed" until="2999-01-01"
secret TOKEN
team devops { github "example/devops"; gitlab "example/devops" }
gate go-live { approval { from devops } }
environment production { tier production; requires go-live }
workflow ci {
    on { push main; pull-request main; manual { input level type=choice default=low { option low high } } }
    stage test {
        job unit { run "make test" }
        job slow { if "input.level == 'high'"; run "make slow" }
        job docs { only { push main { paths "docs/**" } }; run "make docs" }
    }
    stage ship {
        only { push main; manual }
        deploy live to=production { run "make deploy" { env TOKEN=(secret)TOKEN } }
    }
}
test "main goes live behind an approval" {
    event push main { paths "src/main.c" }
    expect runs unit live
    expect absent slow docs
    expect live behind=go-live after=unit
}
test "a high level runs the slow tests" { event manual level=high; expect runs slow }
"#;

fn planned(words: &[&str]) -> String {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let all: Vec<&str> = [&["plan"], words].concat();
    let ran = place.run(&all);
    assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""), "{words:?}");
    ran.out
}

#[test]
fn a_run_is_shown_with_order_gates_environments_secrets_and_what_is_absent() {
    insta::assert_snapshot!(planned(&["--event", "push:main", "--changed", "src/main.c"]), @r"
    2 jobs on a push to `main` that changes `src/main.c`

    ci
      test
        unit
      ship
        live  after unit; in production; behind go-live (approval); secrets TOKEN

    absent
        slow  left out by `if` of `slow`
        docs  left out by `only` of `docs`
    ");
}

#[test]
fn without_an_event_the_classes_are_listed() {
    insta::assert_snapshot!(planned(&[]), @r"
    The events that this spec can tell apart; ask for one with --event KIND:NAME.

       3 jobs  on a push to `main` that changes `docs/index.md`
       2 jobs  on a push to `main` that changes `README.md`
       3 jobs  on a push to `main` that changes `docs/index.md` and 1 more
       1 job   on a pull request from `feature/x` to `main`
       2 jobs  on a manual run on `main` with level=low
       3 jobs  on a manual run on `main` with level=high
    ");
}

#[test]
fn a_run_is_drawn() {
    insta::assert_snapshot!(planned(&["--event", "manual:level=high", "--as", "mermaid"]), @r#"
    %% on a manual run on main with level=high
    flowchart LR
      subgraph s0["ci: test"]
        j0["unit"]
        j1["slow"]
      end
      subgraph s1["ci: ship"]
        j2["live<br>in production"]
      end
      g2_0{"go-live"} --> j2
      j0 --> g2_0
      j1 --> g2_0
      style j2 fill:#fecaca
    "#);
}

#[test]
fn a_run_is_a_document() {
    let text = planned(&["--event", "pull-request:main", "--as", "json", "--target", "github"]);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "pipewright-plan-1");
    let jobs: Vec<_> = document["runs"][0]["jobs"].as_array().unwrap().iter().map(|j| j["job"].clone()).collect();
    assert_eq!(jobs, ["unit"]);
    let why = document["runs"][0]["absent"].as_array().unwrap().iter().find(|a| a["job"] == "live").unwrap();
    assert_eq!(why["why"], "left out by `only` of stage `ship`");
}

/// The words of the elements that a drawing opens and closes, which must nest as XML asks.
fn nests(drawing: &str) -> Result<usize, String> {
    let mut open: Vec<&str> = Vec::new();
    let mut count = 0;
    for tag in drawing.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').ok_or_else(|| format!("<{tag} does not end"))?;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        count += 1;
        if tag.starts_with('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(count) } else { Err(format!("{open:?} stay open")) }
}

#[test]
fn a_run_is_drawn_with_its_stages_gates_environments_and_what_is_absent() {
    let drawing = planned(&["--event", "push:main", "--changed", "src/main.c", "--as", "svg"]);
    assert!(nests(&drawing).unwrap() > 20, "{drawing}");
    for part in [
        ">test</text>",
        ">ship</text>",
        "class=\"job plain\"><title>unit</title>",
        "class=\"job absent\"><title>slow\nleft out by",
        "class=\"job production\"><title>live\nin production (production)\nafter unit\nbehind go-live (approval)\nsecrets TOKEN</title>",
        "class=\"gate approval\"",
    ] {
        assert!(drawing.contains(part), "no {part} in {drawing}");
    }
    assert_eq!(drawing.matches("<path class=\"line\"").count(), 1, "live waits for unit: {drawing}");
}

#[test]
fn a_page_draws_every_event_loads_nothing_and_takes_no_text_for_markup() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let listed = place.run(&["plan", "--as", "html"]);
    assert_eq!((listed.code, listed.error.as_str()), (Some(0), ""));
    let page = &listed.out;
    let classes = place.run(&["plan"]).out.lines().skip(2).count();
    assert_eq!(page.matches("<section ").count(), classes);
    assert_eq!(page.matches("<option ").count(), classes);
    for loads in ["src=", "href=", "url(", "@import", "http"] {
        assert!(!page.contains(loads), "the page loads something: {loads}");
    }
    let body = page.split_once("<section ").unwrap().1.rsplit_once("</section>").unwrap().0;
    assert!(nests(&format!("<section {body}</section>")).is_ok(), "{:?}", nests(&format!("<section {body}</section>")));
    let branch = planned(&["--event", "push:a<b&\"c", "--as", "html"]);
    assert!(branch.contains("a&lt;b&amp;&quot;c") && !branch.contains("a<b"), "{branch}");
}

#[test]
fn what_is_no_event_is_wrong_usage_with_a_way_out() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    for (words, says) in [
        (&["--event", "pusch:main"][..], "write one of push, tag"),
        (&["--event", "tag"], "names no tag"),
        (&["--event", "schedule:nightly"], "no schedule `nightly`"),
        (&["--event", "manual:other"], "`other`"),
        (&["--event", "manual:level=huge"], "low, high"),
        (&["--event", "push:main", "--target", "codebuild"], "no `target codebuild`"),
        (&["--event", "push:main", "--event", "tag:v1", "--as", "svg"], "one event"),
    ] {
        let ran = place.run(&[&["plan"], words].concat());
        assert_eq!(ran.code, Some(2), "{words:?}");
        assert!(ran.error.contains(says), "{words:?}: {}", ran.error);
    }
}

#[test]
fn tests_of_a_spec_pass_or_say_what_really_happens() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let ran = place.run(&["test"]);
    assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out, @r"
    ok      main goes live behind an approval
    ok      a high level runs the slow tests
    pipeline.kdl: asked of the spec and of what is written for 2 targets
    ");
    let wrong = SPEC.replace("expect absent slow docs", "expect runs docs").replace("behind=go-live after=unit", "after=slow");
    place.put("pipeline.kdl", &wrong);
    let ran = place.run(&["test", "--format", "concise"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(format!("{}{}", ran.out, ran.error), @r"
    failed  main goes live behind an approval
    ok      a high level runs the slow tests
    pipeline.kdl:24:17: error[test-failed]: `docs` does not run on a push to `main` that changes `src/main.c`
    pipeline.kdl:25:23: error[test-failed]: `live` does not wait for `slow` on a push to `main` that changes `src/main.c`
    2 errors
    ");
}
