//! The `setup-*` actions as `toolchain`.

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::node::{Build, node};
use crate::front::yaml::Node;

use super::text::Where;
use super::uses::Use;
use super::work::Work;

/// A setup action: its language in a spec, the input with the version, and what else a spec can say of it.
struct Setup {
    action: &'static str,
    language: &'static str,
    version: &'static str,
    /// Inputs that a `toolchain` takes care of.
    known: &'static [&'static str],
    /// Whether it caches unless told not to.
    caches: bool,
}

const SETUPS: &[Setup] = &[
    Setup {
        action: "actions/setup-node",
        language: "node",
        version: "node-version",
        known: &["cache", "check-latest", "cache-dependency-path", "package-manager-cache", "architecture"],
        caches: false,
    },
    Setup {
        action: "actions/setup-python",
        language: "python",
        version: "python-version",
        known: &["cache", "check-latest", "cache-dependency-path", "allow-prereleases", "architecture"],
        caches: false,
    },
    Setup {
        action: "actions/setup-go",
        language: "go",
        version: "go-version",
        known: &["cache", "check-latest", "cache-dependency-path", "architecture"],
        caches: true,
    },
    Setup {
        action: "actions/setup-java",
        language: "java",
        version: "java-version",
        known: &["cache", "check-latest", "distribution", "cache-dependency-path", "architecture"],
        caches: false,
    },
    Setup { action: "actions/setup-dotnet", language: "dotnet", version: "dotnet-version", known: &[], caches: false },
    Setup {
        action: "ruby/setup-ruby",
        language: "ruby",
        version: "ruby-version",
        known: &["bundler-cache", "cache-version"],
        caches: false,
    },
];

/// Builds of OpenJDK that differ in who compiled them.
const OPENJDK: &[&str] =
    &["temurin", "adopt", "adopt-hotspot", "zulu", "corretto", "microsoft", "liberica", "sapmachine", "dragonwell"];

/// Package managers whose cache a `toolchain` knows by the language.
const MANAGERS: &[&str] = &["npm", "pip", "maven", "true", "false"];

/// Those that a node `cache` beside it names.
const BESIDE: &[&str] = &["gradle", "yarn", "poetry"];

/// Those whose cache has no word in a spec: without it a job is slower, and the same.
const SLOWER: &[&str] = &["sbt", "pnpm", "pipenv"];

/// The steps of a spec for a step; `None` where it is no such action, or says what a spec cannot.
pub(super) fn of(work: &mut Work<'_, '_>, used: &Use<'_>) -> Option<Vec<Build>> {
    if matches!(used.action, "dtolnay/rust-toolchain" | "actions-rs/toolchain" | "actions-rust-lang/setup-rust-toolchain") {
        return rust(work, used);
    }
    let setup = SETUPS.iter().find(|s| s.action == used.action)?;
    let with = used.with?;
    let version = with.entry(setup.version)?;
    let fits = with.entries().iter().all(|e| e.key == setup.version || setup.known.contains(&e.key.as_str()));
    let distribution = used.fixed(work, "distribution").unwrap_or_else(|| "temurin".to_owned());
    let cache = used.fixed(work, "cache").unwrap_or_default();
    let cache = cache.as_str();
    // Which tool has a cache is decided while the job runs.
    let decided = cache.starts_with("${{") && cache.ends_with("}}");
    let known = decided || cache.is_empty() || [MANAGERS, BESIDE, SLOWER].iter().any(|l| l.contains(&cache));
    let ours = used.raw("architecture").is_none_or(|a| work.scope.job.is_arm == matches!(a, "arm64" | "aarch64"));
    let source = used.fixed(work, setup.version)?;
    if !fits || source.trim().contains('\n') || !OPENJDK.contains(&distribution.as_str()) || !known || !ours {
        return None;
    }
    let said = work.fixed_text(version, &source)?;
    let text = line_of(setup.language, said.trim());
    if text != said.trim() {
        work.mark(version, Fate::Emulated(format!("`{text}` is the same line of versions")));
    }
    let cached = match cache {
        "" => setup.caches || used.raw("bundler-cache") == Some("true"),
        "false" => false,
        other => !decided && !BESIDE.contains(&other) && !SLOWER.contains(&other),
    };
    let mut build = node("toolchain").prop(setup.language, &text);
    if cached {
        build = build.prop("cache", "auto");
    }
    for entry in with.entries() {
        match entry.key.as_str() {
            "check-latest" | "allow-prereleases" => {
                work.mark(entry, Fate::Emulated("the version of the line that the vendor's setup has".to_owned()));
            }
            "cache" | "cache-dependency-path" if decided || (entry.key == "cache" && SLOWER.contains(&cache)) => {
                work.mark(entry, Fate::Emulated("without this cache, which is only slower".to_owned()))
            }
            "cache-version" => work.mark(entry, Fate::Emulated("pipewright names the cache itself".to_owned())),
            "architecture" => work.mark(entry, Fate::Emulated("that of the runner".to_owned())),
            "distribution" if distribution != "temurin" => {
                work.mark(entry, Fate::Emulated("the same OpenJDK as Temurin builds it".to_owned()));
            }
            "cache-dependency-path" => match entry.value.text().and_then(|t| t.rsplit_once('/')) {
                Some((dir, _)) if !dir.contains(['*', '$', '\n']) && !dir.starts_with(['/', '.']) => {
                    build = build.prop("dir", dir)
                }
                _ => work.mark(entry, Fate::Emulated("the lock file of the language at the root makes the key".to_owned())),
            },
            _ => {}
        }
    }
    let beside = BESIDE.contains(&cache).then(|| node("cache").arg(cache));
    Some(std::iter::once(build).chain(beside).collect())
}

/// A range of versions as the line that both vendors resolve to its newest release.
fn line_of(language: &str, version: &str) -> String {
    let numbers = |text: &str, most: usize| text.split('.').take(most).collect::<Vec<_>>().join(".");
    let plain = version.trim_end_matches(".x").trim_end_matches(".*");
    if let Some(rest) = plain.strip_prefix('^') {
        return numbers(rest, 1);
    }
    if let Some(rest) = plain.strip_prefix('~') {
        return numbers(rest, 2);
    }
    match (language, plain) {
        // Every release of Go so far is of the first line.
        ("go", "stable") => "1".to_owned(),
        ("go", range) if range.starts_with(">=1.") => "1".to_owned(),
        (_, plain) => plain.to_owned(),
    }
}

/// The toolchain of Rust: the version is an input, or what stands behind the `@`. What the profile does not bring is added by `rustup`.
fn rust(work: &mut Work<'_, '_>, used: &Use<'_>) -> Option<Vec<Build>> {
    let with = used.with.map(Node::entries).unwrap_or_default();
    let keys = [
        "toolchain",
        "components",
        "profile",
        "override",
        "target",
        "targets",
        "cache",
        "cache-directories",
        "rustflags",
        "default",
    ];
    if !with.iter().all(|e| keys.contains(&e.key.as_str())) {
        return None;
    }
    let version = match with.iter().find(|e| e.key == "toolchain") {
        Some(entry) => {
            let source = used.fixed(work, "toolchain")?;
            work.fixed_text(entry, &source)?
        }
        None if used.version.len() < 20
            && !used.version.starts_with('v')
            && !used.version.is_empty()
            && used.version != "master" =>
        {
            used.version.to_owned()
        }
        None => work_version(used)?,
    };
    let mut found = vec![node("toolchain").prop("rust", &version)];
    let mut lines = Vec::new();
    for (key, command) in [("components", "component"), ("target", "target"), ("targets", "target")] {
        let Some(entry) = with.iter().find(|e| e.key == key) else { continue };
        let text = work.text(entry, Where::Bash)?;
        let words: Vec<&str> = text.split([',', ' ', '\n']).map(str::trim).filter(|c| !c.is_empty()).collect();
        let asked: Vec<&str> =
            words.into_iter().filter(|c| !(key == "components" && matches!(*c, "clippy" | "rustfmt" | "cargo"))).collect();
        if !asked.is_empty() {
            work.mark(entry, Fate::Emulated("`rustup` adds it in a step of its own".to_owned()));
            lines.push(format!("rustup {command} add {}", asked.join(" ")));
        }
    }
    if !lines.is_empty() {
        found.push(node("run").args(lines));
    }
    if used.action == "actions-rust-lang/setup-rust-toolchain" {
        // It denies warnings and keeps a cache unless told not to.
        if used.raw("cache") != Some("false") {
            found.push(node("cache").arg("cargo"));
        }
        let flags = used.raw("rustflags").unwrap_or("-D warnings");
        if !flags.is_empty() {
            work.scope.job.env.push(("RUSTFLAGS".to_owned(), flags.to_owned()));
        }
    }
    Some(found)
}

/// A commit says nothing of the version; the action's own default is the stable one.
fn work_version(used: &Use<'_>) -> Option<String> {
    (used.action == "actions-rust-lang/setup-rust-toolchain").then(|| "stable".to_owned())
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn ranges_are_lines() {
        assert_eq!(["20.x", "^1.13.1", "~1.20.1", "3.10"].map(|v| line_of("node", v)), ["20", "1", "1.20", "3.10"]);
        assert_eq!([line_of("go", "stable"), line_of("go", ">=1.20.0")], ["1", "1"]);
    }
}
