//! The binary as a user runs it: exit codes, streams, formats, discovery.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with files, in which the binary runs with an empty environment.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// A repository with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path().join(".git")).unwrap();
        for (path, text) in files {
            place.put(path, text);
        }
        place
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The command, to be run below the folder.
    pub(crate) fn command(&self, below: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
        command.args(words).current_dir(self.path().join(below)).env_clear().stdin(Stdio::null());
        command
    }

    /// Runs the binary in the folder.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::from(self.command("", words).output().unwrap())
    }
}

/// What a run ended with.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
    }
}

const WRONG: &str = "pipeline x {\n    timeout 5m\n}\n";

#[test]
fn a_finding_has_its_line_its_way_out_and_exit_code_1() {
    let ran = Place::new(&[("pipeline.kdl", WRONG)]).run(&["check"]);
    assert_eq!((ran.code, ran.error.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ran.out, @r#"
      × `5m` starts like a number but is none [unquoted-value]
       ╭─[pipeline.kdl:2:13]
     1 │ pipeline x {
     2 │     timeout 5m
       ·             ─┬
       ·              ╰── needs quotes
     3 │ }
       ╰────
      help: write "5m"

    1 error
    "#);
}

#[test]
fn build_and_diff_say_findings_on_the_other_stream() {
    let place = Place::new(&[("pipeline.kdl", WRONG)]);
    for words in [&["build"][..], &["build", "--check"], &["build", "--stdout"], &["diff"]] {
        let ran = place.run(words);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{words:?}");
        assert!(ran.error.contains("[unquoted-value]"), "{words:?}: {}", ran.error);
    }
}

#[test]
fn usage_and_system_errors_end_with_2() {
    let place = Place::new(&[]);
    let large = place.path().join("large.kdl");
    fs::File::create(&large).unwrap().set_len(300 << 20).unwrap();
    place.put("latin.kdl", "");
    fs::write(place.path().join("latin.kdl"), b"a \"\xe9\"\n").unwrap();
    for (words, says) in [
        (&["check"][..], "pipewright init"),
        (&["check", "--spec", "none.kdl"], "none.kdl"),
        (&["check", "--spec", "."], "name a file"),
        (&["check", "--spec", "large.kdl"], "limit"),
        (&["check", "--spec", "latin.kdl"], "UTF-8"),
        (&["check", "."], "no pipeline.kdl below"),
        (&["check", "--all"], "no pipeline.kdl below"),
        (&["chekc"], "check"),
        (&["explain", "no-such-rule"], "`no-such-rule`"),
        (&["check", "--format", "xml"], "xml"),
    ] {
        let ran = place.run(words);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(ran.error.contains(says), "{words:?}: {}", ran.error);
    }
}

#[test]
fn the_spec_is_found_here_or_above_up_to_the_repository() {
    let place = Place::new(&[("pipeline.kdl", WRONG), ("a/b/x", ""), ("other/.git/x", ""), ("other/c/x", "")]);
    let ran = Ran::from(place.command("a/b", &["check", "--format", "concise"]).output().unwrap());
    assert_eq!(ran.out, "../../pipeline.kdl:2:13: error[unquoted-value]: `5m` starts like a number but is none\n1 error\n");
    let ran = Ran::from(place.command("other/c", &["check"]).output().unwrap());
    assert_eq!(ran.code, Some(2), "another repository is not ours");
    let ran = Ran::from(place.command("a/b", &["check", "--format", "github"]).output().unwrap());
    assert!(
        ran.out.starts_with("::error file=pipeline.kdl,line=2,endLine=2,col=13,endColumn=14,title=unquoted-value::"),
        "{}",
        ran.out
    );
}

#[test]
fn many_specs_are_found_below_a_folder() {
    let place = Place::new(&[
        ("b/pipeline.kdl", WRONG),
        ("a/pipeline.kdl", WRONG),
        ("a/node_modules/x/pipeline.kdl", WRONG),
        ("c/other.kdl", WRONG),
    ]);
    let files = |words: &[&str]| {
        let out = place.run(words).out;
        out.lines().filter_map(|l| l.split_once(".kdl:")).map(|(file, _)| file.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(files(&["check", "--all", "--format", "concise"]), ["a/pipeline", "b/pipeline"]);
    assert_eq!(files(&["check", "a", "--format", "concise"]), ["a/pipeline"]);
    assert_eq!(files(&["check", "c/other.kdl", "b", "--format", "concise"]), ["c/other", "b/pipeline"]);
}

#[test]
fn specs_side_by_side_are_told_and_written_in_their_order() {
    let place = || {
        let place = Place::new(&[]);
        for i in 0..12 {
            // Some have a finding; what each writes depends on its number.
            let wrong = if i % 5 == 3 { "needs nobody; " } else { "" };
            let jobs: String = (0..=i).map(|j| format!("    job j{j} {{ {wrong}run \"echo {j}\" }}\n")).collect();
            let text = format!(
                "pipeline p{i} {{ language 1; timeout \"5m\" }}\ntarget gitlab\nworkflow ci {{\n    on {{ push main }}\n{jobs}}}\n"
            );
            place.put(&format!("p{i:02}/pipeline.kdl"), &text);
        }
        place
    };
    let ran = |jobs: &str| {
        let place = place();
        let ran = place.run(&["build", "--all", "--format", "concise", "--jobs", jobs]);
        let written = |i: usize| fs::read_to_string(place.path().join(format!("p{i:02}/.gitlab-ci.yml"))).ok();
        (ran.code, ran.out, ran.error, (0..12).map(written).collect::<Vec<_>>())
    };
    let one = ran("1");
    assert_eq!(one.0, Some(1));
    assert_eq!(one.3.iter().filter(|f| f.is_some()).count(), 10);
    assert_eq!(ran("3"), one);
    assert_eq!(ran("64"), one);
    assert_eq!(place().run(&["check", "--all", "--jobs", "0"]).code, Some(2));
}

#[test]
fn the_standard_input_is_a_spec() {
    let place = Place::new(&[]);
    let mut command = place.command("", &["check", "--spec", "-", "--format", "concise"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), WRONG.as_bytes()).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(out.starts_with("<stdin>:2:13: error"), "{out}");
}

#[test]
fn what_acts_on_a_terminal_is_shown_and_secrets_are_masked() {
    let token = format!("ghp_{}", "aB3".repeat(12));
    let spec = format!("a \"{token}\" 5m // \u{1b}[31m red \u{202e}\n");
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        let ran = Place::new(&[("pipeline.kdl", &spec)]).run(&["check", "--format", format]);
        assert_eq!(ran.code, Some(1), "{format}");
        assert!(!ran.out.contains(&token) && !ran.out.contains(['\u{1b}', '\u{202e}']), "{format}: {}", ran.out);
    }
}

#[test]
fn no_line_of_the_spec_becomes_a_command_of_the_runner() {
    let place = Place::new(&[("pipeline.kdl", "a 5m\n  \"::add-mask::x\"\n")]);
    let ran = Ran::from(place.command("", &["check"]).env("GITHUB_ACTIONS", "true").output().unwrap());
    let word = ran.out.lines().next().and_then(|l| l.strip_prefix("::stop-commands::")).unwrap().to_owned();
    assert!(word.len() > 16 && ran.out.contains(&format!("\n::{word}::\n")), "{}", ran.out);
    let annotated =
        Ran::from(place.command("", &["check", "--format", "github"]).env("GITHUB_ACTIONS", "true").output().unwrap());
    assert!(
        annotated.out.lines().all(|l| l.starts_with("::error file=") || l == "1 error" || l == "2 errors"),
        "{}",
        annotated.out
    );
}

#[test]
fn colours_are_for_those_who_want_them() {
    let place = Place::new(&[("pipeline.kdl", WRONG)]);
    let colored =
        |words: &[&str], name: &str| Ran::from(place.command("", words).env(name, "1").output().unwrap()).out.contains('\u{1b}');
    assert!(!colored(&["check"], "NOTHING"));
    assert!(colored(&["check", "--color", "always"], "NOTHING"));
    assert!(colored(&["check"], "CLICOLOR_FORCE"));
    assert!(!colored(&["check", "--color", "never"], "CLICOLOR_FORCE"));
    assert!(!colored(&["check"], "NO_COLOR"));
}

#[test]
fn documents_for_machines_are_whole() {
    let place = Place::new(&[("a b/pipeline.kdl", WRONG), ("c/pipeline.kdl", "x 5m\ny 5m\n")]);
    let document = |format: &str| -> serde_json::Value {
        serde_json::from_str(&place.run(&["check", "--all", "--format", format]).out).unwrap()
    };

    let json = document("json");
    assert_eq!(json["schema"], "pipewright-json-1");
    assert_eq!(json["summary"], serde_json::json!({ "errors": 3, "warnings": 0, "notes": 0, "drift": 0 }));
    let first = &json["diagnostics"][0];
    assert_eq!(
        (&first["file"], &first["line"], &first["start"], &first["end"]),
        (&"a b/pipeline.kdl".into(), &2.into(), &25.into(), &27.into())
    );
    assert_eq!(first["fix"]["edits"][0]["text"], "\"5m\"");

    let sarif = document("sarif");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b/pipeline.kdl");
    let schemas = ["../shared", "../../shared"]
        .map(|up| Path::new(env!("CARGO_MANIFEST_DIR")).join(up).join("schemas/schemastore/sarif-2.1.0.json"));
    match schemas.iter().find_map(|path| fs::read_to_string(path).ok()) {
        Some(schema) => {
            let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
            let errors: Vec<_> = validator.iter_errors(&sarif).map(|e| e.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        None => println!("skipped: the schema of SARIF is not here"),
    }

    let gitlab = document("gitlab");
    let mut prints: Vec<_> = gitlab.as_array().unwrap().iter().map(|r| r["fingerprint"].as_str().unwrap()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), 3, "GitLab drops a fingerprint it has seen");

    let empty = Place::new(&[("pipeline.kdl", "")]);
    assert_eq!(empty.run(&["check", "--spec", "pipeline.kdl", "--format", "gitlab"]).out.chars().next(), Some('['));
}

#[test]
fn a_hundred_findings_are_shown_and_the_rest_is_counted() {
    let spec: String = (0..300).map(|i| format!("node-{i} 5m\n")).collect();
    let place = Place::new(&[("pipeline.kdl", &spec)]);
    let ran = place.run(&["check", "--format", "concise"]);
    assert!(ran.out.lines().count() <= 102, "{}", ran.out);
    let json: serde_json::Value = serde_json::from_str(&place.run(&["check", "--format", "json"]).out).unwrap();
    assert_eq!(json["diagnostics"].as_array().map(Vec::len), json["summary"]["errors"].as_u64().map(|n| n as usize));
}

#[test]
fn help_completions_and_the_page_are_there() {
    let place = Place::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(place.run(&["completions", shell]).out.contains("pipewright"), "{shell}");
    }
    assert!(place.run(&["man"]).out.contains(".TH pipewright"));
    let help = place.run(&["--help"]);
    assert_eq!((help.code, help.error.as_str()), (Some(0), ""));
    assert!(help.out.contains("Exit codes"));
    assert_eq!(place.run(&[]).code, Some(2));
}

#[test]
fn a_spec_is_laid_out_and_compared() {
    let place = Place::new(&[("pipeline.kdl", "pipeline x {\n  a   1  // kept\n}\n"), ("wrong.kdl", WRONG)]);
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("-  a   1  // kept\n+    a 1") && ran.error.contains("pipewright fmt pipeline.kdl"), "{ran:?}");
    assert_eq!(place.run(&["fmt"]).code, Some(0));
    assert_eq!(fs::read_to_string(place.path().join("pipeline.kdl")).unwrap(), "pipeline x {\n    a 1  // kept\n}\n");
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.error.as_str()), (Some(0), "", ""));
    assert_eq!(place.run(&["fmt", "wrong.kdl"]).code, Some(1));
    assert_eq!(fs::read_to_string(place.path().join("wrong.kdl")).unwrap(), WRONG, "a text that cannot be read is not touched");
}

#[test]
fn a_first_spec_is_written_once_and_compiles() {
    let place = Place::new(&[("package.json", "{\"scripts\": {\"test\": \"jest\"}}"), (".gitlab-ci.yml", "x: 1\n")]);
    let ran = place.run(&["init"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("pipewright build") && ran.out.contains(".gitlab-ci.yml is there already"), "{}", ran.out);
    let check = place.run(&["check"]);
    assert_eq!((check.code, check.out.as_str()), (Some(0), ""));
    let again = place.run(&["init"]);
    assert_eq!(again.code, Some(2));
    assert!(again.error.contains("is there already"), "{}", again.error);
}

#[test]
fn the_matrix_of_targets_is_printed() {
    let place = Place::new(&[]);
    let matrix = place.run(&["targets"]);
    assert_eq!(matrix.code, Some(0));
    let head = matrix.out.lines().next().unwrap_or_default();
    assert!(head.contains("github") && head.contains("gitlab"), "{head}");
    assert!(
        matrix.out.lines().any(|l| l.split_whitespace().collect::<Vec<_>>()[..].starts_with(&["push", "native", "native"])),
        "{}",
        matrix.out
    );
    assert!(place.run(&["targets", "github"]).out.contains("schedule-branch: absent: "));
    let one = place.run(&["targets", "schedule-branch"]).out;
    assert!(one.contains("github: absent: ") && one.contains("gitlab: native"), "{one}");
    let wrong = place.run(&["targets", "githb"]);
    assert!(wrong.code == Some(2) && wrong.error.contains("did you mean `github`"), "{wrong:?}");
}

#[test]
fn explain_knows_rules_and_capabilities() {
    let place = Place::new(&[]);
    let rule = place.run(&["explain", "lossy"]);
    assert!(rule.code == Some(0) && rule.out.starts_with("# lossy\n"), "{rule:?}");
    let loss = place.run(&["explain", "matrix-max-parallel"]);
    assert_eq!(loss.code, Some(0));
    for part in [
        "# matrix-max-parallel\n\nA bound on the cells",
        "github: native\n",
        "gitlab: lossy: all cells may run at one time\n",
        "https://docs.gitlab.com/ci/yaml/#parallelmatrix\n",
        "    accept gitlab matrix-max-parallel reason=",
    ] {
        assert!(loss.out.contains(part), "{part}\n{}", loss.out);
    }
    assert!(!loss.out.contains("accept github"), "{}", loss.out);
    let gate = place.run(&["explain", "approval"]);
    assert!(!gate.out.contains("    accept "), "{}", gate.out);
    assert!(place.run(&["explain", "approval-cuont"]).error.contains("did you mean `approval-count`"));
    assert!(place.run(&["explain"]).out.contains("\nnot-expressible "), "the list");
}
