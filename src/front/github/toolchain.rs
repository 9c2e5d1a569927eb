//! The `setup-*` actions as `toolchain`.

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
        known: &["cache", "check-latest", "cache-dependency-path", "package-manager-cache"],
        caches: false,
    },
    Setup {
        action: "actions/setup-python",
        language: "python",
        version: "python-version",
        known: &["cache", "check-latest", "cache-dependency-path"],
        caches: false,
    },
    Setup {
        action: "actions/setup-go",
        language: "go",
        version: "go-version",
        known: &["cache", "check-latest", "cache-dependency-path"],
        caches: true,
    },
    Setup {
        action: "actions/setup-java",
        language: "java",
        version: "java-version",
        known: &["cache", "check-latest", "distribution"],
        caches: false,
    },
    Setup { action: "actions/setup-dotnet", language: "dotnet", version: "dotnet-version", known: &[], caches: false },
    Setup { action: "ruby/setup-ruby", language: "ruby", version: "ruby-version", known: &["bundler-cache"], caches: false },
];

/// The `toolchain` for a step; `None` where it is no such action, or says what a spec cannot.
pub(super) fn of(work: &mut Work<'_>, used: &Use<'_>) -> Option<Build> {
    if matches!(used.action, "dtolnay/rust-toolchain" | "actions-rs/toolchain" | "actions-rust-lang/setup-rust-toolchain") {
        return rust(work, used);
    }
    let setup = SETUPS.iter().find(|s| s.action == used.action)?;
    let with = used.with?;
    let version = with.entry(setup.version)?;
    let text = version.value.text()?.trim();
    let fits = with.entries().iter().all(|e| e.key == setup.version || setup.known.contains(&e.key.as_str()));
    let distribution = used.raw("distribution").is_none_or(|d| matches!(d, "temurin" | "adopt"));
    let managers = ["npm", "pip", "maven", "gradle", "pnpm", "yarn", "true", "false"];
    let cache = used.raw("cache");
    if !fits || text.contains('\n') || !distribution || cache.is_some_and(|c| !managers.contains(&c)) {
        return None;
    }
    // pnpm and yarn stand beside their language, with a version of their own that nothing here tells.
    if matches!(cache, Some("pnpm" | "yarn")) {
        return None;
    }
    if setup.language == "java" && cache == Some("gradle") {
        return None;
    }
    let version = work.text(version, Where::Field)?;
    let cached = match cache {
        Some("false") => false,
        Some(_) => true,
        None => setup.caches || used.raw("bundler-cache") == Some("true"),
    };
    let mut build = node("toolchain").prop(setup.language, &version);
    if cached {
        build = build.prop("cache", "auto");
    }
    for entry in with.entries() {
        match entry.key.as_str() {
            "check-latest" => {
                work.mark(entry, Fate::Emulated("the version of the line that the vendor's setup has".to_owned()));
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
    Some(build)
}

/// The toolchain of Rust: the version is an input, or what stands behind the `@`.
fn rust(work: &mut Work<'_>, used: &Use<'_>) -> Option<Build> {
    let with = used.with.map(Node::entries).unwrap_or_default();
    if !with.iter().all(|e| matches!(e.key.as_str(), "toolchain" | "components" | "profile" | "override")) {
        return None;
    }
    let components = used.raw("components").unwrap_or_default();
    let brought = |c: &str| matches!(c, "clippy" | "rustfmt");
    if !components.split([',', ' ']).map(str::trim).filter(|c| !c.is_empty()).all(brought) {
        return None;
    }
    let version = match with.iter().find(|e| e.key == "toolchain") {
        Some(entry) => work.text(entry, Where::Field)?,
        None if used.version.len() < 20
            && !used.version.starts_with('v')
            && !used.version.is_empty()
            && used.version != "master" =>
        {
            used.version.to_owned()
        }
        None => work_version(used)?,
    };
    Some(node("toolchain").prop("rust", &version))
}

/// A commit says nothing of the version; the action's own default is the stable one.
fn work_version(used: &Use<'_>) -> Option<String> {
    (used.action == "actions-rust-lang/setup-rust-toolchain").then(|| "stable".to_owned())
}
