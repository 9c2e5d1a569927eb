//! `pipewright init`: a first spec, made from what lies in the repository.

use std::path::Path;

use serde_json::Value;

use crate::base::failure::{Exit, Failure};
use crate::base::source::read_text;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::drift::write;
use crate::syntax::print::is_bare;

/// The file that is written.
const SPEC: &str = "pipeline.kdl";

/// Largest file that is looked into, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Writes a spec into the current folder and says what to do next.
///
/// # Errors
/// `Usage` when there is one already, `Io` when the system refuses.
pub(super) fn run(global: &Global, console: &Console) -> Result<Exit, Failure> {
    let here = Path::new(".").canonicalize().map_err(|e| Failure::Io(format!("cannot read the current folder: {e}")))?;
    let path = global.spec.as_deref().unwrap_or(Path::new(SPEC));
    write::create(path, &spec_for(&here))?;
    if !global.quiet {
        console.out(&format!("wrote {}: read it, then run `pipewright build`\n", path.display()));
        for (file, name) in [(".github/workflows/ci.yml", "ci.yml"), (".gitlab-ci.yml", ".gitlab-ci.yml")] {
            if here.join(file).is_file() {
                console.out(&format!(
                    "{file} is there already: `build` never replaces it, so move {name} away once the spec says what it does\n"
                ));
            }
        }
    }
    Ok(Exit::Clean)
}

/// What is known of a toolchain that the repository uses.
struct Project {
    /// The job's name.
    job: &'static str,
    /// The line that sets the tools up.
    toolchain: String,
    /// The commands, in order.
    commands: Vec<String>,
}

/// The text of a spec for what lies in a folder.
fn spec_for(folder: &Path) -> String {
    let name = name_of(folder);
    let branch = default_branch(folder);
    let projects: Vec<Project> =
        [node(folder), rust(folder), python(folder), go(folder), java(folder)].into_iter().flatten().collect();
    let mut out = format!(
        "// What the delivery of this repository means.\n// `pipewright check` says what is wrong with it, `pipewright build` writes the files of the targets.\npipeline {} {{\n    default-branch {}\n    runner linux\n    timeout \"20m\"\n}}\n\n",
        word(&name),
        word(&branch)
    );
    for target in targets(folder) {
        out.push_str(&format!("target {target}\n"));
    }
    out.push_str(&format!("\nworkflow ci {{\n    on {{\n        push {0}\n        pull-request {0}\n    }}\n", word(&branch)));
    for project in &projects {
        out.push_str(&format!("    job {} {{\n        {}\n", project.job, project.toolchain));
        for command in &project.commands {
            out.push_str(&format!("        run {}\n", word(command)));
        }
        out.push_str("    }\n");
    }
    if projects.is_empty() {
        out.push_str("    job test {\n        run \"echo 'say here how the project is tested'\"\n    }\n");
    }
    if folder.join("Dockerfile").is_file() {
        out.push_str("    job image {\n        run \"docker build .\"\n        docker\n    }\n");
    }
    out.push_str("}\n");
    out
}

fn node(folder: &Path) -> Option<Project> {
    let package: Value = serde_json::from_str(&text(folder, "package.json")?).unwrap_or_default();
    let version = text(folder, ".nvmrc").map(|v| v.trim().trim_start_matches('v').to_owned()).filter(|v| is_version(v));
    let mut commands: Vec<String> = Vec::new();
    let locked = ["package-lock.json", "npm-shrinkwrap.json"].iter().any(|f| folder.join(f).is_file());
    commands.push(if locked { "npm ci" } else { "npm install" }.to_owned());
    let scripts = &package["scripts"];
    commands.extend(["lint", "build"].iter().filter(|s| scripts[**s].is_string()).map(|s| format!("npm run {s}")));
    // The text that `npm init` writes when there is no test.
    let has_test = scripts["test"].as_str().is_some_and(|t| !t.contains("no test specified"));
    if has_test {
        commands.push("npm test".to_owned());
    }
    Some(Project { job: "node", toolchain: format!("toolchain node={}", quoted(version.as_deref().unwrap_or("22"))), commands })
}

fn rust(folder: &Path) -> Option<Project> {
    folder.join("Cargo.toml").is_file().then(|| Project {
        job: "rust",
        toolchain: "toolchain rust=stable".to_owned(),
        commands: vec!["cargo build --locked".to_owned(), "cargo test --locked".to_owned()],
    })
}

fn python(folder: &Path) -> Option<Project> {
    let requirements = folder.join("requirements.txt").is_file();
    if !requirements && !folder.join("pyproject.toml").is_file() {
        return None;
    }
    let version = text(folder, ".python-version").map(|v| v.trim().to_owned()).filter(|v| is_version(v));
    let install = if requirements { "pip install -r requirements.txt" } else { "pip install ." };
    let test = if folder.join("tests").is_dir() { "pip install pytest && pytest" } else { "python -m compileall -q ." };
    Some(Project {
        job: "python",
        toolchain: format!("toolchain python={}", quoted(version.as_deref().unwrap_or("3.12"))),
        commands: vec![install.to_owned(), test.to_owned()],
    })
}

fn go(folder: &Path) -> Option<Project> {
    let module = text(folder, "go.mod")?;
    let version = module.lines().find_map(|line| line.trim().strip_prefix("go ")).map(str::trim).filter(|v| is_version(v));
    Some(Project {
        job: "go",
        toolchain: format!("toolchain go={}", quoted(version.unwrap_or("1.24"))),
        commands: vec!["go build ./...".to_owned(), "go test ./...".to_owned()],
    })
}

fn java(folder: &Path) -> Option<Project> {
    folder.join("pom.xml").is_file().then(|| Project {
        job: "java",
        toolchain: "toolchain java=\"21\"".to_owned(),
        commands: vec![if folder.join("mvnw").is_file() { "./mvnw -B verify" } else { "mvn -B verify" }.to_owned()],
    })
}

/// The vendors that the repository uses already; GitHub when nothing says so.
fn targets(folder: &Path) -> Vec<&'static str> {
    let git = text(folder, ".git/config").unwrap_or_default();
    let gitlab = folder.join(".gitlab-ci.yml").is_file() || git.contains("gitlab");
    let github = folder.join(".github").is_dir() || git.contains("github.com");
    match (github, gitlab) {
        (true, true) => vec!["github", "gitlab"],
        (false, true) => vec!["gitlab"],
        (true | false, false) => vec!["github"],
    }
}

/// The branch that the remote calls its own, or the one that is checked out; `main` when git does not say.
pub(super) fn default_branch(folder: &Path) -> String {
    let remote = text(folder, ".git/refs/remotes/origin/HEAD")
        .and_then(|t| t.trim().strip_prefix("ref: refs/remotes/origin/").map(str::to_owned));
    let main = || ["main", "master"].iter().find(|b| folder.join(".git/refs/heads").join(b).is_file()).map(|b| (*b).to_owned());
    let checked_out = || text(folder, ".git/HEAD").and_then(|t| t.trim().strip_prefix("ref: refs/heads/").map(str::to_owned));
    remote.or_else(main).or_else(checked_out).unwrap_or_else(|| "main".to_owned())
}

/// `owner/name` of the remote `origin`, where the folder has one.
pub(super) fn repository(folder: &Path) -> Option<String> {
    let config = text(folder, ".git/config")?;
    let own = config.split("[remote \"origin\"]").nth(1)?.split("\n[").next()?;
    of_remote(own.lines().find_map(|l| l.trim().strip_prefix("url")?.trim_start().strip_prefix('='))?)
}

/// `owner/name` of `https://host/owner/name.git` and of `git@host:owner/name.git`.
fn of_remote(url: &str) -> Option<String> {
    let url = url.trim().trim_end_matches('/').trim_end_matches(".git");
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':')?.1,
    };
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    (path.contains('/') && path.split('/').all(is_name)).then(|| path.to_owned())
}

/// The folder's name with what every vendor takes in a name.
pub(super) fn name_of(folder: &Path) -> String {
    let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { "pipeline".to_owned() }
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// A string as KDL: bare where it can be.
fn word(text: &str) -> String {
    if is_bare(text) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn text(folder: &Path, file: &str) -> Option<String> {
    read_text(&folder.join(file), MAX_BYTES).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{of_remote, spec_for};
    use crate::base::span::SourceId;
    use crate::syntax::fmt::format;
    use crate::syntax::parse::parse;

    #[test]
    fn a_remote_says_its_repository() {
        for url in ["https://github.com/example/shop.git", " git@github.com:example/shop.git", "ssh://git@host/example/shop/"] {
            assert_eq!(of_remote(url).as_deref(), Some("example/shop"), "{url}");
        }
        assert!(of_remote("../shop").is_none() && of_remote("https://host/shop").is_none() && of_remote("C:\\shop").is_none());
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn a_spec_is_made_from_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("My App");
        for (path, text) in [
            ("package.json", "{\"scripts\": {\"test\": \"jest\", \"lint\": \"eslint .\"}}"),
            (".nvmrc", "v20\n"),
            ("package-lock.json", "{}"),
            ("go.mod", "module x\n\ngo 1.22\n"),
            ("Dockerfile", ""),
            (".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/trunk/a\n"),
            (".git/config", "url = git@gitlab.example.com:x/y.git"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let spec = spec_for(&root);
        for line in [
            "pipeline my-app {",
            "    default-branch trunk/a",
            "target gitlab",
            "        toolchain node=\"20\"",
            "        run \"npm ci\"",
            "        run \"npm run lint\"",
            "        run \"npm test\"",
            "        toolchain go=\"1.22\"",
            "        run \"docker build .\"",
        ] {
            let bare = line.replace("trunk/a", "\"trunk/a\"");
            assert!(spec.lines().any(|l| l == line || l == bare), "{line} is not in\n{spec}");
        }
        assert!(!spec.contains("npm run build") && !spec.contains("target github"), "{spec}");
        assert!(parse(SourceId(0), &spec).1.is_empty(), "{spec}");
        assert_eq!(format(&spec).ok().as_deref(), Some(spec.as_str()));

        let empty = folder.path().join("3");
        fs::create_dir(&empty).unwrap();
        assert!(spec_for(&empty).contains("pipeline pipeline {\n    default-branch main\n"));
    }
}
