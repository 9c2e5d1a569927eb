//! Outputs against the disk: what is written, what is refused, what is found again.

use std::fs;
use std::path::Path;

use pipewright::base::failure::Failure;
use pipewright::drift::outputs::{Site, copies, orphans, with_manifest};
use pipewright::drift::write::{Written, apply};
use pipewright::drift::{Kind, compare};
use pipewright::render::Output;
use pipewright::render::header::{self, Header};

const PLACES: &[&str] = &[".github/workflows/*.yml", ".gitlab-ci.yml", "standby/**"];
const CI: &str = ".github/workflows/ci.yml";

fn ours(path: &str, body: &str) -> Output {
    Output::new(path, Header::new("pipeline.kdl").text() + body)
}

fn site(root: &Path) -> Site<'_> {
    Site::open(root, root, "pipeline.kdl").unwrap()
}

/// Writes as `build` does: orphans included.
fn build(root: &Path, outputs: &[Output]) -> Result<Written, Failure> {
    let site = site(root);
    apply(&site, outputs, &orphans(&site, PLACES, outputs))
}

fn kinds(root: &Path, outputs: &[Output]) -> Vec<(String, Kind)> {
    let site = site(root);
    compare(&site, outputs, &orphans(&site, PLACES, outputs)).into_iter().map(|d| (d.path, d.kind)).collect()
}

fn refusal(result: Result<Written, Failure>) -> String {
    match result {
        Err(Failure::Usage(text)) => text,
        other => panic!("it is not refused: {other:?}"),
    }
}

fn put(root: &Path, path: &str, text: &str) {
    fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
    fs::write(root.join(path), text).unwrap();
}

fn left(root: &Path) -> Vec<String> {
    let files =
        walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap).filter(|e| !e.file_type().is_dir());
    files.map(|e| e.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_built_is_in_step_until_somebody_edits_it() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let outputs = [ours(CI, "name: ci\n"), ours(".gitlab-ci.yml", "a: 1\n")];
    assert_eq!(kinds(root, &outputs), [(CI.to_owned(), Kind::Missing), (".gitlab-ci.yml".to_owned(), Kind::Missing)]);
    assert_eq!(build(root, &outputs).unwrap().written, [CI, ".gitlab-ci.yml"]);
    assert_eq!(kinds(root, &outputs), []);
    assert_eq!(build(root, &outputs).unwrap(), Written { unchanged: 2, ..Written::default() });

    put(root, CI, &outputs[0].text.replace("name: ci", "name: edited"));
    let drift = compare(&site(root), &outputs, &[]);
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].kind, Kind::Changed);
    assert!(drift[0].diff.contains("-name: edited\n+name: ci\n"), "{}", drift[0].diff);
    assert_eq!(build(root, &outputs).unwrap().written, [CI]);
    assert_eq!(kinds(root, &outputs), []);
    assert_eq!(left(root), [CI, ".gitlab-ci.yml"], "no temporary file stays");
}

#[test]
fn line_endings_are_a_class_of_their_own_and_are_mended() {
    let root = tempfile::tempdir().unwrap();
    let outputs = [ours(CI, "name: ci\n")];
    put(root.path(), CI, &format!("\u{FEFF}{}", outputs[0].text.replace('\n', "\r\n")));
    assert_eq!(kinds(root.path(), &outputs), [(CI.to_owned(), Kind::LineEndings)]);
    build(root.path(), &outputs).unwrap();
    assert_eq!(fs::read_to_string(root.path().join(CI)).unwrap(), outputs[0].text);
}

#[test]
fn a_file_of_somebody_else_is_never_replaced() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let outputs = [ours(".github/workflows/a.yml", "a: 1\n"), ours(CI, "name: ci\n")];
    put(root, CI, "name: by hand\n");
    assert_eq!(kinds(root, &outputs)[1], (CI.to_owned(), Kind::Foreign));
    let text = refusal(build(root, &outputs));
    assert!(text.contains(CI) && text.contains("move it away"), "{text}");
    assert_eq!(left(root), [CI], "nothing else is written then");
    assert_eq!(fs::read_to_string(root.join(CI)).unwrap(), "name: by hand\n");

    fs::write(root.join(CI), b"\xff\xfe").unwrap();
    refusal(build(root, &outputs));
    fs::remove_file(root.join(CI)).unwrap();
    fs::create_dir(root.join(CI)).unwrap();
    assert_eq!(kinds(root, &outputs)[1], (CI.to_owned(), Kind::Foreign));
    refusal(build(root, &outputs));
}

#[test]
fn no_path_leaves_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir(&root).unwrap();
    for path in
        ["../x.yml", "/tmp/pipewright-x.yml", "a/../../x.yml", "C:/x.yml", ".git/hooks/pre-commit", "con.yml", "a\0b", "x."]
    {
        let text = refusal(build(&root, &[ours(path, "")]));
        assert!(text.contains("cannot write"), "{text}");
    }
    assert_eq!(left(folder.path()), [""; 0]);
}

#[test]
fn one_name_in_two_cases_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (a, b) in [("x/Build.yml", "x/build.yml"), ("X/a.yml", "x/A.yml"), ("a", "a/b.yml"), ("A/b", "a/B/c.yml")] {
        refusal(build(root.path(), &[ours(a, ""), ours(b, "")]));
    }
    assert_eq!(left(root.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (root, other) = (folder.path().join("repo"), folder.path().join("other"));
    fs::create_dir_all(&root).unwrap();
    let outputs = [ours(CI, "name: ci\n")];
    put(&other, "workflows/ci.yml", &outputs[0].text.replace("ci\n", "other\n"));
    put(&other, "workflows/old.yml", &outputs[0].text);

    symlink(&other, root.join(".github")).unwrap();
    assert_eq!(kinds(&root, &outputs), [(CI.to_owned(), Kind::Foreign)], "and no orphan is found behind a link");
    assert_eq!(compare(&site(&root), &outputs, &[])[0].note.as_deref(), Some("cannot be written: .github is a symbolic link"));
    assert!(refusal(build(&root, &outputs)).contains("symbolic link"));
    fs::remove_file(root.join(".github")).unwrap();

    fs::create_dir_all(root.join(".github/workflows")).unwrap();
    symlink(other.join("workflows/ci.yml"), root.join(CI)).unwrap();
    assert!(refusal(build(&root, &outputs)).contains("symbolic link"));
    assert!(fs::read_to_string(other.join("workflows/ci.yml")).unwrap().contains("name: other"));
    assert!(fs::symlink_metadata(root.join(CI)).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn modes_are_kept_and_mended() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
    let script = Output { executable: true, ..ours("standby/run.sh", "true\n") };
    build(root, &[ours(CI, "a: 1\n"), script.clone()]).unwrap();
    assert_eq!((mode(CI) & 0o111, mode("standby/run.sh") & 0o100), (0, 0o100));

    fs::set_permissions(root.join(CI), fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(root.join("standby/run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    let outputs = [ours(CI, "a: 2\n"), script];
    let drift = compare(&site(root), &outputs, &[]);
    assert_eq!(drift[1].diff, "old mode 100644\nnew mode 100755\n");
    build(root, &outputs).unwrap();
    assert_eq!((mode(CI), mode("standby/run.sh")), (0o640, 0o755));
    assert_eq!(kinds(root, &outputs), []);
}

#[test]
fn orphans_are_found_by_marker_and_removed() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let first =
        [ours(CI, "a: 1\n"), ours(".github/workflows/old.yml", ""), ours("standby/a/b/old.txt", ""), ours(".gitlab-ci.yml", "")];
    build(root, &first).unwrap();
    put(root, ".github/workflows/by-hand.yml", "name: x\n");
    put(root, "elsewhere/old.yml", &first[1].text);
    let outputs = [first[0].clone()];
    let gone = [".github/workflows/old.yml", ".gitlab-ci.yml", "standby/a/b/old.txt"];
    assert_eq!(kinds(root, &outputs), gone.map(|path| (path.to_owned(), Kind::Orphan)));
    assert_eq!(build(root, &outputs).unwrap().removed, gone);
    assert_eq!(left(root), [".github/workflows/by-hand.yml", CI, "elsewhere/old.yml"]);
}

#[test]
fn a_copy_that_somebody_goes_on_with_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let mut ci = ours(CI, "a: 1\n");
    header::stamp(&mut ci.text, CI);
    let outputs = [ci];
    build(root, &outputs).unwrap();
    let mine = ".github/workflows/mine.yml";
    put(root, mine, &outputs[0].text.replace("a: 1", "a: 2"));
    assert_eq!(kinds(root, &outputs), [], "no orphan");
    assert_eq!(build(root, &outputs).unwrap().removed, [""; 0]);
    assert_eq!(copies(&site(root), PLACES), [(mine.to_owned(), CI.to_owned())]);
    // Nor does it make room for an output of that path.
    let text = refusal(build(root, &[outputs[0].clone(), ours(mine, "")]));
    assert!(text.contains("is a copy of .github/workflows/ci.yml"), "{text}");
    assert!(fs::read_to_string(root.join(mine)).unwrap().contains("a: 2"));
}

#[test]
fn two_specs_in_one_folder_leave_each_other_alone() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put(root, "release.kdl", "");
    let release = Output::new(".github/workflows/release.yml", Header::new("release.kdl").text());
    put(root, &release.path, &release.text);
    build(root, &[ours(CI, "")]).unwrap();
    assert!(root.join(&release.path).is_file());
    let text = refusal(build(root, &[ours(&release.path, "x: 1\n")]));
    assert!(text.contains("release.kdl"), "{text}");
    // Once the spec is gone, nobody else owns its file.
    fs::remove_file(root.join("release.kdl")).unwrap();
    assert_eq!(build(root, &[ours(CI, "")]).unwrap().removed, [release.path]);
}

#[test]
fn files_without_comments_stand_in_the_manifest() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let json = Output { marked: false, ..Output::new("standby/pipeline.json", "{}\n") };
    let header = Header::new("pipeline.kdl");
    let outputs = with_manifest(vec![json.clone()], &header);
    assert_eq!(outputs[1].path, ".pipewright/outputs");
    build(root, &outputs).unwrap();
    assert_eq!(kinds(root, &outputs), []);
    put(root, &json.path, "{\"edited\": 1}\n");
    assert_eq!(kinds(root, &outputs), [(json.path.clone(), Kind::Changed)]);
    build(root, &outputs).unwrap();

    assert_eq!(with_manifest(vec![ours(CI, "")], &header).len(), 1, "no manifest without need");
    let removed = build(root, &[ours(CI, "")]).unwrap().removed;
    assert_eq!(removed, [json.path.as_str(), ".pipewright/outputs"]);

    put(root, &json.path, "{\"by\": \"hand\"}\n");
    refusal(build(root, &outputs));
}

#[cfg(unix)]
#[test]
fn a_refusal_of_the_system_leaves_the_old_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let first = [ours("a/x.yml", "a: 1\n"), ours("b/x.yml", "b: 1\n")];
    build(root, &first).unwrap();
    fs::set_permissions(root.join("b"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(root.join("b/probe"), "").is_ok() {
        println!("skipped: this user may write where nobody may");
        return;
    }
    let next = [ours("a/x.yml", "a: 2\n"), ours("b/x.yml", "b: 2\n")];
    assert!(matches!(build(root, &next), Err(Failure::Io(_))));
    assert_eq!(fs::read_to_string(root.join("a/x.yml")).unwrap(), first[0].text, "staging comes first");
    assert_eq!(left(root), ["a/x.yml", "b/x.yml"]);
    fs::set_permissions(root.join("b"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn runs_at_the_same_time_leave_whole_files() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let texts: Vec<Output> = (0..4).map(|i| ours(CI, &format!("run: {i}\n").repeat(20_000))).collect();
    std::thread::scope(|scope| {
        for output in &texts {
            scope.spawn(move || (0..20).for_each(|_| drop(build(root, std::slice::from_ref(output)))));
        }
    });
    let text = fs::read_to_string(root.join(CI)).unwrap();
    assert!(texts.iter().any(|output| output.text == text));
    assert_eq!(left(root), [CI]);
}
