//! Actions that bring a program of one vendor's own pages, as commands for a container of Linux.

use crate::front::node::Build;

use super::{With, exact, lines, quoted};

/// The steps for an action; none where it is none of these, or wants what the commands cannot bring.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    let made = match action {
        "fwilhe2/setup-kotlin" => kotlin(with)?,
        "helm/chart-testing-action" => chart_testing(with)?,
        "arduino/setup-protoc" => protoc(with)?,
        "actions/setup-node" => node_of_file(with)?,
        "goreleaser/goreleaser-action" => return goreleaser(with),
        "taiki-e/cache-cargo-install-action" => {
            let (tool, version) = with.get("tool")?.split_once('@')?;
            let plain = with.only(&["tool", "locked"]) && exact(version).is_some() && with.truth("locked", true)?;
            plain.then(|| lines([format!("cargo install --locked {tool}@{version}")]))?
        }
        _ => return None,
    };
    Some(vec![made])
}

/// The compiler as its own page of releases has it (github.com/JetBrains/kotlin/releases). It runs on Java, which a hosted runner has.
fn kotlin(with: &With<'_>) -> Option<Build> {
    let version = with.get("version").and_then(exact).filter(|_| with.only(&["version"]))?;
    let file = format!("https://github.com/JetBrains/kotlin/releases/download/v{version}/kotlin-compiler-{version}.zip");
    Some(lines([
        "command -v java > /dev/null || { apt-get update && apt-get install -y --no-install-recommends default-jre-headless; }"
            .to_owned(),
        "command -v unzip > /dev/null || { apt-get update && apt-get install -y --no-install-recommends unzip; }".to_owned(),
        format!("curl -fsSLo /tmp/kotlin.zip {file}"),
        "unzip -qo /tmp/kotlin.zip -d /usr/local/lib".to_owned(),
        "ln -sf /usr/local/lib/kotlinc/bin/kotlin /usr/local/lib/kotlinc/bin/kotlinc /usr/local/bin/".to_owned(),
    ]))
}

/// `ct` with its schemas, and the two linters that it calls (helm/chart-testing-action, `ct.sh`). It finds its schemas in `/etc/ct`
/// (github.com/helm/chart-testing, "Configuration").
fn chart_testing(with: &With<'_>) -> Option<Build> {
    let version = with.get("version").map(exact);
    if !with.only(&["version", "yamllint_version", "yamale_version"]) || version == Some(None) {
        return None;
    }
    let pinned = |key: &str| with.get(key).map(|v| format!("=={v}")).unwrap_or_default();
    let newest = "curl -fsSLI -o /dev/null -w '%{url_effective}' https://github.com/helm/chart-testing/releases/latest";
    let version = version.flatten().map_or_else(|| format!("VERSION=$({newest} | sed 's#.*/v##')"), |v| format!("VERSION={v}"));
    let file = "https://github.com/helm/chart-testing/releases/download/v$VERSION/chart-testing_${VERSION}_linux_amd64.tar.gz";
    Some(lines([
        version,
        "mkdir -p /usr/local/lib/ct /etc/ct".to_owned(),
        format!("curl -fsSL \"{file}\" | tar -xz -C /usr/local/lib/ct"),
        "ln -sf /usr/local/lib/ct/ct /usr/local/bin/ct".to_owned(),
        "cp /usr/local/lib/ct/etc/*.yaml /etc/ct/".to_owned(),
        format!("pip install yamllint{} yamale{}", pinned("yamllint_version"), pinned("yamale_version")),
    ]))
}

/// The compiler of protocol buffers; its versions have two or three numbers (github.com/protocolbuffers/protobuf/releases).
fn protoc(with: &With<'_>) -> Option<Build> {
    let version = with.get("version")?.trim_start_matches('v');
    let full =
        version.split('.').count() >= 2 && version.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let context = version.starts_with("${env.") && version.ends_with('}');
    if !(full || context) || !with.only(&["version", "repo-token"]) {
        return None;
    }
    Some(lines([[
        format!("VERSION=\"{version}\""),
        "curl -fsSLo /tmp/protoc.zip \"https://github.com/protocolbuffers/protobuf/releases/download/v$VERSION/protoc-$VERSION-linux-x86_64.zip\""
            .to_owned(),
        "unzip -qo /tmp/protoc.zip -d /usr/local".to_owned(),
    ]
    .join("\n")]))
}

/// The version that a file names; `n` takes the words of such files (github.com/tj/n, "Specifying Node.js Versions").
fn node_of_file(with: &With<'_>) -> Option<Build> {
    let file = with.get("node-version-file").filter(|f| f.ends_with(".nvmrc") || f.ends_with(".node-version"))?;
    if !with.only(&["node-version-file", "cache", "cache-dependency-path", "check-latest", "package-manager-cache"]) {
        return None;
    }
    let script = "https://raw.githubusercontent.com/tj/n/master/bin/n";
    Some(lines([format!("curl -fsSL {script} | bash -s install \"$(tr -d ' v' < {})\"", quoted(file))]))
}

/// GoReleaser, where it publishes nothing: a release goes to the vendor that its own configuration names, with that vendor's token.
fn goreleaser(with: &With<'_>) -> Option<Vec<Build>> {
    if !with.only(&["distribution", "version", "args", "install-only", "workdir"])
        || with.get("distribution").is_some_and(|d| d != "goreleaser")
    {
        return None;
    }
    let version = match with.get("version").unwrap_or("~> v2") {
        "latest" | "~> v2" => "latest".to_owned(),
        other => format!("v{}", exact(other).filter(|v| v.starts_with("2."))?),
    };
    let bring = format!("GOBIN=/usr/local/bin go install github.com/goreleaser/goreleaser/v2@{version}");
    if with.truth("install-only", false)? {
        return Some(vec![lines([bring])]);
    }
    let arguments = with.get("args").filter(|a| !a.contains("${"))?;
    let quiet = arguments.split_whitespace().any(|a| matches!(a, "--snapshot" | "check" | "healthcheck" | "build"));
    quiet.then(|| vec![lines([bring]), lines([format!("goreleaser {arguments}")]).maybe("dir", with.get("workdir"))])
}
