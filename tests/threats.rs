//! The bad inputs that pipewright is built against, by number, and where each is tested; the ones that no other file holds are tested here.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "bounded time is held against a clock")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::Place;

/// Number, bad input, the tests that hold it (file and function), or why there is none.
type Case = (u8, &'static str, &'static [(&'static str, &'static str)], &'static str);

/// Each of them ends in a clear error or in an output that is right, in bounded time, with nothing written that was not asked for.
const CASES: &[Case] = &[
    (
        1,
        "depth that breaks a stack",
        &[("hostile", "depth_and_masses_of_errors_are_bounded"), ("syntax/hostile", "depth_is_allowed_up_to_its_bound")],
        "",
    ),
    (
        2,
        "200,000 wrong lines",
        &[("hostile", "depth_and_masses_of_errors_are_bounded"), ("cli", "a_hundred_findings_are_shown_and_the_rest_is_counted")],
        "",
    ),
    (
        3,
        "a spec that is a device, a pipe, a folder, or huge",
        &[("hostile", "a_spec_that_is_no_file_is_refused_before_it_is_read"), ("threats", "what_is_no_text_of_a_spec_is_named")],
        "",
    ),
    (
        4,
        "names and paths that lead out of the root",
        &[
            ("hostile", "names_lead_nowhere"),
            ("drift", "no_path_leaves_the_root"),
            ("threats", "an_include_stays_below_the_root"),
        ],
        "",
    ),
    (
        5,
        "a link where a file is written",
        &[("hostile", "links_are_refused_and_their_ends_untouched"), ("drift", "links_are_not_followed")],
        "",
    ),
    (
        6,
        "a file of somebody else where one is written",
        &[("hostile", "a_file_of_somebody_else_stays_and_so_does_all_the_rest"), ("threats", "what_stands_in_the_way_stays")],
        "",
    ),
    (
        7,
        "our marker in a file of somebody else",
        &[("drift", "a_copy_that_somebody_goes_on_with_is_left_alone"), ("threats", "a_copied_workflow_is_somebodys_own")],
        "",
    ),
    (8, "names that are YAML", &[("hostile", "a_name_is_one_scalar_whatever_is_in_it")], ""),
    (
        9,
        "values that YAML 1.1 reads as something else",
        &[
            ("hostile", "values_that_yaml_would_read_as_something_else_stay_text"),
            ("render", "hostile_strings_come_back_from_other_readers"),
            ("render", "hostile_strings_come_back_from_serde_yaml"),
        ],
        "",
    ),
    (10, "versions that are numbers", &[("hostile", "a_version_is_text_or_an_error")], ""),
    (11, "text of an outsider in a script", &[("hostile", "an_expression_of_a_vendor_is_refused_and_its_variable_is_text")], ""),
    (
        12,
        "text that is an expression of a vendor",
        &[("hostile", "an_expression_of_a_vendor_is_refused_and_its_variable_is_text")],
        "",
    ),
    (
        13,
        "scripts that a block of YAML would change",
        &[("hostile", "scripts_come_back_to_the_byte"), ("render", "any_unicode_comes_back")],
        "",
    ),
    (14, "a secret in the spec", &[("cli", "what_acts_on_a_terminal_is_shown_and_secrets_are_masked")], ""),
    (15, "characters that act on a terminal", &[("cli", "what_acts_on_a_terminal_is_shown_and_secrets_are_masked")], ""),
    (
        16,
        "a line that the runner takes for a command",
        &[("hostile", "a_diff_says_no_command_to_the_runner"), ("cli", "no_line_of_the_spec_becomes_a_command_of_the_runner")],
        "",
    ),
    (17, "YAML bombs", &[], "concerns the import of vendors' files only"),
    (
        18,
        "cycles and 2^20 paths",
        &[("hostile", "cycles_are_shown_and_long_chains_are_not_walked_twice"), ("threats", "an_include_stays_below_the_root")],
        "",
    ),
    (
        19,
        "a matrix or rounds without end",
        &[("hostile", "a_matrix_is_counted_before_it_is_made"), ("threats", "rounds_that_multiply_are_stopped")],
        "",
    ),
    (
        20,
        "templates of a user that do not end",
        &[("threats", "rounds_that_multiply_are_stopped"), ("render", "a_wrong_template_is_our_bug_with_its_line")],
        "users bring no templates of outputs; those of the spec expand within bounds",
    ),
    (
        21,
        "names that are one on some disk",
        &[("hostile", "two_names_that_are_one_are_refused"), ("drift", "one_name_in_two_cases_is_refused")],
        "",
    ),
    (
        22,
        "other line endings, a byte order mark",
        &[
            ("hostile", "other_line_endings_and_a_byte_order_mark_are_named_and_mended"),
            ("threats", "line_endings_and_a_mark_of_a_spec_change_nothing"),
        ],
        "",
    ),
    (23, "another version of the language", &[("threats", "another_version_of_the_language_is_refused")], ""),
    (24, "a pin that a robot moved in an output", &[("threats", "a_moved_pin_is_shown_and_put_back")], ""),
    (25, "a check that writes", &[("threats", "what_only_looks_writes_nothing")], ""),
    (
        26,
        "runs at the same time, or stopped",
        &[
            ("hostile", "builds_at_the_same_time_leave_whole_files"),
            ("drift", "runs_at_the_same_time_leave_whole_files"),
            ("threats", "a_stopped_run_and_a_full_disk_leave_whole_files"),
        ],
        "",
    ),
    (27, "edits of an editor", &[], "there is no language server yet"),
    (28, "an approval that a vendor cannot hold", &[("threats", "an_approval_is_never_dropped")], ""),
];

#[test]
fn each_number_has_its_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (i, (number, title, held, why)) in CASES.iter().enumerate() {
        assert_eq!(usize::from(*number), i + 1);
        assert!(!held.is_empty() || !why.is_empty(), "{number} {title}: neither a test nor a reason");
        for (file, function) in *held {
            let text = fs::read_to_string(tests.join(format!("{file}.rs"))).unwrap();
            assert!(text.contains(&format!("fn {function}(")), "{number} {title}: {file}.rs has no {function}");
        }
    }
}

const SPEC: &str = "pipeline x {\n    language 1\n    timeout \"20m\"\n}\ntarget github\ntarget gitlab\nworkflow ci {\n    on { push main }\n    job a { run \"make\" }\n}\n";
const GITHUB: &str = ".github/workflows/ci.yml";
const GITLAB: &str = ".gitlab-ci.yml";

#[track_caller]
fn says(place: &Place, words: &[&str], code: i32, text: &str) {
    let ran = place.run(words);
    let said = ran.out + &ran.error;
    assert_eq!(ran.code, Some(code), "{said}");
    assert!(said.contains(text), "`{text}` is not in: {said}");
    assert!(!said.contains("bug in pipewright"), "{said}");
}

/// The files below a place with their texts.
fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let walk = walkdir::WalkDir::new(place.path()).sort_by_file_name().into_iter().map(Result::unwrap);
    let own = walk.filter(|e| e.file_type().is_file() && !e.path().components().any(|c| c.as_os_str() == ".git"));
    own.map(|e| (e.path().display().to_string(), fs::read(e.path()).unwrap())).collect()
}

#[test]
fn what_is_no_text_of_a_spec_is_named() {
    let begin = Instant::now();
    for (bytes, says) in [
        (b"pipeline x \xff\xfe".to_vec(), "UTF-8"),
        (b"pipeline \"x\0y\" { language 1 }\n".to_vec(), "kdl-syntax"),
        ([b"// ".to_vec(), vec![b'x'; 17 << 20]].concat(), "the limit is"),
    ] {
        let place = Place::new(&[]);
        fs::write(place.path().join("pipeline.kdl"), &bytes).unwrap();
        let ran = place.run(&["check", "--format", "concise"]);
        assert!(matches!(ran.code, Some(1 | 2)), "{says}: {ran:?}");
        let said = ran.out + &ran.error;
        assert!(said.contains(says), "`{says}` is not in: {}", said.chars().take(300).collect::<String>());
    }
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[cfg(unix)]
#[test]
fn an_include_stays_below_the_root() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("theirs.kdl"), "const X \"1\"\n").unwrap();
    let with = |line: &str| format!("{line}\n{SPEC}");
    for (line, rule) in [
        ("include \"../theirs.kdl\"".to_owned(), "include-outside-root"),
        (format!("include {:?}", elsewhere.path().join("theirs.kdl")), "include-outside-root"),
        ("include \"link.kdl\"".to_owned(), "include-outside-root"),
        ("include \"dir/theirs.kdl\"".to_owned(), "include-outside-root"),
        ("include \"nowhere.kdl\"".to_owned(), "include-unreadable"),
        ("include \"ci\"".to_owned(), "include-unreadable"),
        ("include \"ci/a.kdl\"".to_owned(), "include-cycle"),
        ("include \"pipeline.kdl\"".to_owned(), "include-cycle"),
    ] {
        let place = Place::new(&[("pipeline.kdl", &with(&line))]);
        std::os::unix::fs::symlink(elsewhere.path().join("theirs.kdl"), place.path().join("link.kdl")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), place.path().join("dir")).unwrap();
        place.put("ci/a.kdl", "include \"ci/b.kdl\"\n");
        place.put("ci/b.kdl", "include \"ci/a.kdl\"\n");
        says(&place, &["build", "--format", "concise"], 1, &format!("error[{rule}]"));
        assert!(!place.path().join(GITLAB).exists());
    }
    let place = Place::new(&[("pipeline.kdl", &with("include \"ci/shared.kdl\"").replace("\"make\"", "\"make ${const.GOAL}\""))]);
    place.put("ci/shared.kdl", "include \"ci/goals/all.kdl\"\n");
    place.put("ci/goals/all.kdl", "const GOAL \"everything\"\n");
    says(&place, &["build"], 0, "wrote");
    assert!(fs::read_to_string(place.path().join(GITHUB)).unwrap().contains("run: make everything"));
}

#[test]
fn what_stands_in_the_way_stays() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    fs::create_dir_all(place.path().join(GITLAB)).unwrap();
    says(&place, &["build"], 2, GITLAB);
    assert!(!place.path().join(GITHUB).exists(), "all or nothing");
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    place.put(".github", "a file\n");
    says(&place, &["build"], 2, ".github");
    assert_eq!(fs::read_to_string(place.path().join(".github")).unwrap(), "a file\n");
    assert!(!place.path().join(GITLAB).exists(), "all or nothing");
}

#[test]
fn a_copied_workflow_is_somebodys_own() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    says(&place, &["build"], 0, "wrote");
    let mine = ".github/workflows/mine.yml";
    let text = fs::read_to_string(place.path().join(GITHUB)).unwrap().replace("make", "make mine");
    place.put(mine, &text);
    says(&place, &["build"], 0, "mine.yml is a copy of .github/workflows/ci.yml and left alone");
    says(&place, &["build", "--check"], 0, "left alone");
    assert_eq!(fs::read_to_string(place.path().join(mine)).unwrap(), text);
    // Even where a workflow of that name comes into the spec.
    place.put("pipeline.kdl", &format!("{SPEC}workflow mine {{\n    on {{ push main }}\n    job b {{ run \"x\" }}\n}}\n"));
    says(&place, &["build"], 2, "is a copy of .github/workflows/ci.yml");
    assert_eq!(fs::read_to_string(place.path().join(mine)).unwrap(), text);
}

#[test]
fn rounds_that_multiply_are_stopped() {
    let values: String = (0..1_000).fold(String::new(), |mut all, i| {
        let _ = write!(all, " v{i}");
        all
    });
    let mut nested = "job \"j-${each.a}-${each.b}-${each.c}\" { run \"x\" }".to_owned();
    for name in ["a", "b", "c"] {
        nested = format!("each {name}{values} {{ {nested} }}");
    }
    let doubling: String = (1..30).fold("template t0 { run \"x\" }\n".to_owned(), |mut all, i| {
        let _ = writeln!(all, "template t{i} {{ template t{0}; template t{0} }}", i - 1);
        all
    });
    for text in [
        SPEC.replace("job a {", &format!("{nested}\n    job a {{")),
        format!("{doubling}{}", SPEC.replace("job a {", "job a { template t29;")),
    ] {
        let place = Place::new(&[("pipeline.kdl", &text)]);
        let begin = Instant::now();
        let ran = place.run(&["check", "--format", "concise"]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.out.contains("expansion-too-large") || ran.out.contains("template-cycle"), "{}", ran.out);
        assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    }
}

#[test]
fn line_endings_and_a_mark_of_a_spec_change_nothing() {
    let spec = SPEC.replace("run \"make\"", "run \"\"\"\n        make\n        make check\n        \"\"\"");
    let built = |text: &str| {
        let place = Place::new(&[("pipeline.kdl", text)]);
        says(&place, &["build"], 0, "wrote");
        [GITHUB, GITLAB].map(|path| fs::read_to_string(place.path().join(path)).unwrap())
    };
    let plain = built(&spec);
    assert!(plain[0].contains("make check"));
    assert_eq!(built(&spec.replace('\n', "\r\n")), plain);
    assert_eq!(built(&format!("\u{feff}{spec}")), plain);
}

#[test]
fn another_version_of_the_language_is_refused() {
    let place = Place::new(&[("pipeline.kdl", &SPEC.replace("language 1", "language 2"))]);
    says(&place, &["build"], 1, "language-unknown");
    assert!(!place.path().join(GITLAB).exists());
}

#[test]
fn a_moved_pin_is_shown_and_put_back() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    says(&place, &["build"], 0, "wrote");
    let text = fs::read_to_string(place.path().join(GITHUB)).unwrap();
    let (_, pin) = text.split_once("actions/checkout@").unwrap();
    let moved = text.replace(&pin[..40], &"a".repeat(40));
    place.put(GITHUB, &moved);
    says(&place, &["build", "--check"], 1, &format!("-        uses: actions/checkout@{}", "a".repeat(40)));
    says(&place, &["build"], 0, "wrote");
    assert_eq!(fs::read_to_string(place.path().join(GITHUB)).unwrap(), text);
}

#[test]
fn what_only_looks_writes_nothing() {
    let place = Place::new(&[("pipeline.kdl", SPEC)]);
    let before = files(&place);
    for words in
        [&["check"][..], &["build", "--check"], &["diff"], &["build", "--stdout"], &["fmt", "--check"], &["settings", "github"]]
    {
        let ran = place.run(words);
        assert!(matches!(ran.code, Some(0 | 1)), "{words:?}: {ran:?}");
        assert!(files(&place) == before, "{words:?} wrote something");
    }
}

/// The shell ignores the signal of a file that grows too large, so that a write fails as on a full disk.
#[cfg(unix)]
#[test]
fn a_stopped_run_and_a_full_disk_leave_whole_files() {
    let many: String = (0..40).fold(SPEC.to_owned(), |mut all, i| {
        let _ = write!(all, "workflow w{i} {{\n    on {{ push main }}\n    job a {{ run \"make {i}\" }}\n}}\n");
        all
    });
    let place = Place::new(&[("pipeline.kdl", &many)]);
    let binary = place.command("", &[]).get_program().to_owned();
    let full = |place: &Place| {
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" build";
        std::process::Command::new("sh").args(["-c", script]).arg(&binary).current_dir(place.path()).output().unwrap()
    };
    let ran = full(&place);
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("nothing was changed"));
    assert_eq!(files(&place).len(), 1, "only the spec");

    says(&place, &["build"], 0, "wrote");
    let old = files(&place);
    place.put("pipeline.kdl", &many.replace("make", "gmake"));
    assert_eq!(full(&place).status.code(), Some(2));
    assert!(
        files(&place).iter().filter(|(path, _)| !path.ends_with(".kdl")).all(|file| old.contains(file)),
        "the old files are whole"
    );

    let next = Place::new(&[("pipeline.kdl", &many.replace("make", "gmake"))]);
    says(&next, &["build"], 0, "wrote");
    let new: Vec<Vec<u8>> = files(&next).into_iter().map(|(_, text)| text).collect();
    for wait in (0..60).step_by(3) {
        let mut child = place.command("", &["build"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
        for (path, text) in files(&place).iter().filter(|(path, _)| path.ends_with(".yml")) {
            assert!(new.contains(text) || old.iter().any(|(p, t)| p == path && t == text), "{path} is half written");
        }
    }
    says(&place, &["build"], 0, "");
    says(&place, &["build", "--check"], 0, "");
}

#[test]
fn an_approval_is_never_dropped() {
    let spec = "pipeline x { language 1; timeout \"20m\" }\ntarget codebuild image=\"aws/codebuild/standard:7.0\"\nteam devops { github \"example/devops\" }\n\
        gate go { approval { from devops } }\nenvironment production { tier production; requires go }\n\
        workflow ci {\n    on { push main }\n    deploy ship to=production { run \"make ship\" }\n}\n";
    let place = Place::new(&[("pipeline.kdl", spec)]);
    says(&place, &["build"], 1, "approval");
    assert_eq!(files(&place).len(), 1, "nothing is written without it");
}

/// The limit of GitHub is held to the character; GitLab has none.
#[test]
fn a_script_is_counted_to_the_character() {
    for (size, code) in [(21_000, 0), (21_001, 1)] {
        let line = format!("echo {}", "x".repeat(size - 5));
        let place = Place::new(&[("pipeline.kdl", &SPEC.replace("make", &line))]);
        let ran = place.run(&["build", "--format", "concise"]);
        assert_eq!((ran.code, ran.error.contains("script-size")), (Some(code), code == 1), "{size}: {}", ran.error.len());
        says(&place, &["build", "--target", "gitlab"], 0, "");
    }
}
