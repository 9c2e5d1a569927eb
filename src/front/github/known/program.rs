//! Actions that run a program with a command line of its own.

use crate::front::node::{Build, node};

use super::{With, exact, lines, quoted};

/// The steps for an action; none where it is none of these.
pub(super) fn steps(action: &str, version: &str, with: &With<'_>) -> Option<Vec<Build>> {
    let made = match action {
        "obi1kenobi/cargo-semver-checks-action" => return semver(with),
        "crate-ci/typos" => {
            let version = exact(version)?;
            if !with.only(&["files", "config"]) {
                return None;
            }
            let config = with.get("config").map(|c| format!(" --config {}", quoted(c))).unwrap_or_default();
            let file = format!("typos-v{version}-x86_64-unknown-linux-musl.tar.gz");
            let address = format!("https://github.com/crate-ci/typos/releases/download/v{version}/{file}");
            lines([
                format!("curl -fsSL {address} | tar -xz -C /usr/local/bin ./typos"),
                format!("typos{config} {}", with.get("files").unwrap_or(".")),
            ])
        }
        "pre-commit/action" => {
            if !with.only(&["extra_args"]) {
                return None;
            }
            let arguments = with.get("extra_args").unwrap_or("--all-files");
            lines([
                "pip install pre-commit".to_owned(),
                format!("pre-commit run --show-diff-on-failure --color=always {arguments}"),
            ])
        }
        "codespell-project/actions-codespell" => {
            let known = [
                ("skip", "--skip"),
                ("exclude_file", "--exclude-file"),
                ("ignore_words_list", "--ignore-words-list"),
                ("ignore_words_file", "--ignore-words"),
            ];
            let keys: Vec<&str> = known.iter().map(|(k, _)| *k).chain(["path", "check_filenames", "check_hidden"]).collect();
            if !with.only(&keys) {
                return None;
            }
            let mut command = String::from("codespell");
            for (key, option) in known {
                command.extend(with.get(key).map(|v| format!(" {option} {}", quoted(v))));
            }
            for (key, option) in [("check_filenames", " --check-filenames"), ("check_hidden", " --check-hidden")] {
                if with.truth(key, false)? {
                    command.push_str(option);
                }
            }
            lines([
                "pip install codespell".to_owned(),
                format!("{command} {}", with.get("path").unwrap_or_default()).trim_end().to_owned(),
            ])
        }
        "j178/prek-action" => {
            let version = with.get("prek-version").map(|v| format!("=={v}")).unwrap_or_default();
            if !with.only(&["prek-version", "extra-args", "extra_args"]) {
                return None;
            }
            let arguments = with.get("extra-args").or_else(|| with.get("extra_args")).unwrap_or("--all-files");
            lines([format!("pip install prek{version}"), format!("prek run --show-diff-on-failure --color=always {arguments}")])
        }
        "actions-rs/audit-check" | "rustsec/audit-check" if with.only(&["token"]) => {
            lines(["cargo install --locked cargo-audit", "cargo audit"])
        }
        "lycheeverse/lychee-action" if with.only(&["args", "fail", "token"]) && with.truth("fail", true)? => lines([
            "cargo install --locked lychee".to_owned(),
            format!("lychee {}", with.get("args")?.split_whitespace().collect::<Vec<_>>().join(" ")),
        ]),
        "threeal/cmake-action" => cmake(with)?,
        "threeal/ctest-action" if with.only(&["test-dir", "build-config"]) => {
            let config = with.get("build-config").map(|c| format!(" --build-config {}", quoted(c))).unwrap_or_default();
            lines([format!(
                "ctest --test-dir {}{config} --output-on-failure --no-tests=error",
                quoted(with.get("test-dir").unwrap_or("build"))
            )])
        }
        "pypa/gh-action-pip-audit" => audit(with)?,
        "embarkstudios/cargo-deny-action" => {
            if !with.only(&["command", "arguments", "command-arguments", "log-level", "manifest-path", "rust-version"]) {
                return None;
            }
            let level = with.get("log-level").unwrap_or("warn");
            let manifest = with.get("manifest-path").unwrap_or("./Cargo.toml");
            let (before, command) = (with.get("arguments").unwrap_or("--all-features"), with.get("command").unwrap_or("check"));
            let behind = with.get("command-arguments").map(|a| format!(" {a}")).unwrap_or_default();
            return Some(vec![
                node("toolchain").prop("rust", "stable"),
                lines([
                    "cargo install --locked cargo-deny".to_owned(),
                    format!("cargo deny --log-level {level} --manifest-path {} {before} {command}{behind}", quoted(manifest)),
                ]),
            ]);
        }
        "nick-invision/retry" | "nick-fields/retry" => again(with)?,
        "gradle/gradle-build-action" | "gradle/actions/setup-gradle" => {
            let arguments = with.get("arguments")?;
            if !with.only(&[
                "arguments",
                "build-root-directory",
                "cache-disabled",
                "cache-read-only",
                "gradle-home-cache-cleanup",
            ]) {
                return None;
            }
            lines([format!("./gradlew {arguments}")]).maybe("dir", with.get("build-root-directory"))
        }
        _ => return None,
    };
    Some(vec![made])
}

/// The program that the action runs, with its inputs as options (obi1kenobi/cargo-semver-checks-action, `src/main.ts`).
fn semver(with: &With<'_>) -> Option<Vec<Build>> {
    let options = [
        ("package", "--package"),
        ("exclude", "--exclude"),
        ("manifest-path", "--manifest-path"),
        ("release-type", "--release-type"),
    ];
    let keys: Vec<&str> = options
        .iter()
        .map(|(k, _)| *k)
        .chain(["rust-toolchain", "feature-group", "features", "github-token", "prefix-key", "shared-key", "verbose"])
        .collect();
    if !with.only(&keys) || with.get("verbose").is_some_and(|v| v != "false") {
        return None;
    }
    let mut command = "cargo semver-checks check-release".to_owned();
    for (key, option) in options {
        for value in with.items(key)? {
            command.push_str(&format!(" {option} {}", quoted(value)));
        }
    }
    match with.get("feature-group") {
        None => {}
        Some(group @ ("all-features" | "default-features" | "only-explicit-features")) => {
            command.push_str(&format!(" --{group}"))
        }
        Some(_) => return None,
    }
    command.extend(with.get("features").map(|f| format!(" --features {}", quoted(f))));
    let toolchain = with.get("rust-toolchain").filter(|t| *t != "manual").unwrap_or("stable");
    Some(vec![
        node("toolchain").prop("rust", toolchain),
        lines(["cargo install --locked cargo-semver-checks".to_owned(), command]),
    ])
}

fn cmake(with: &With<'_>) -> Option<Build> {
    let keys =
        ["source-dir", "build-dir", "generator", "c-compiler", "cxx-compiler", "options", "args", "run-build", "build-args"];
    if !with.only(&keys) || with.get("options").is_some_and(|o| o.contains("${") || o.contains('"')) {
        return None;
    }
    let dir = quoted(with.get("build-dir").unwrap_or("build"));
    let mut configure = format!("cmake -S {} -B {dir}", quoted(with.get("source-dir").unwrap_or(".")));
    configure.extend(with.get("generator").map(|g| format!(" -G {}", quoted(g))));
    for (key, name) in [("c-compiler", "CMAKE_C_COMPILER"), ("cxx-compiler", "CMAKE_CXX_COMPILER")] {
        configure.extend(with.get(key).map(|v| format!(" -D {name}={}", quoted(v))));
    }
    configure.extend(with.get("options").unwrap_or_default().split_whitespace().map(|o| format!(" -D {o}")));
    configure.extend(with.get("args").map(|a| format!(" {a}")));
    let build = with.truth("run-build", true)?;
    let arguments = with.get("build-args").map(|a| format!(" {a}")).unwrap_or_default();
    Some(lines(std::iter::once(configure).chain(build.then(|| format!("cmake --build {dir}{arguments}")))))
}

fn audit(with: &With<'_>) -> Option<Build> {
    if !with.only(&["inputs", "ignore-vulns", "require-hashes", "no-deps", "local", "vulnerability-service", "summary"]) {
        return None;
    }
    let mut command = String::from("pip-audit");
    for word in with.get("inputs").unwrap_or_default().split_whitespace() {
        let option = if word.ends_with(".txt") || word.contains("requirements") { " --requirement" } else { "" };
        command.push_str(&format!("{option} {word}"));
    }
    for id in with.get("ignore-vulns").unwrap_or_default().split_whitespace() {
        command.push_str(&format!(" --ignore-vuln {id}"));
    }
    for (key, option) in [("require-hashes", "--require-hashes"), ("no-deps", "--no-deps"), ("local", "--local")] {
        if with.truth(key, false)? {
            command.push_str(&format!(" {option}"));
        }
    }
    Some(lines(["pip install pip-audit".to_owned(), command]))
}

/// A command that is tried several times.
fn again(with: &With<'_>) -> Option<Build> {
    let (command, most) = (with.get("command")?, with.get("max_attempts")?.parse::<u32>().ok()?);
    // What it tries again after: a failure and the end of its time are both a failure of `timeout`.
    let fits = with.only(&["command", "max_attempts", "timeout_minutes", "timeout_seconds", "retry_on", "retry_wait_seconds"])
        && with.get("retry_on").is_none_or(|r| matches!(r, "any" | "error"))
        && !command.contains("${input.")
        && !command.contains("ATTEMPT");
    let limit = match (with.get("timeout_minutes"), with.get("timeout_seconds")) {
        (Some(minutes), None) => format!("{minutes}m"),
        (None, Some(seconds)) => format!("{seconds}s"),
        _ => return None,
    };
    let wait = with.get("retry_wait_seconds").unwrap_or("10");
    // What ran out of time is tried again only if any failure is.
    let late = if with.get("retry_on") == Some("error") { "[ $? -ne 124 ] && " } else { "" };
    let script = format!(
        "cat > /tmp/attempt.sh <<'ATTEMPT'\n{command}\nATTEMPT\nfor attempt in $(seq {most}); do\n  timeout {limit} bash -e /tmp/attempt.sh && break || {late}[ \"$attempt\" -lt {most} ] || exit 1\n  sleep {wait}\ndone"
    );
    fits.then(|| lines([script]))
}
