//! Actions that bring a program, as commands that bring it to a container of Linux.

use crate::front::node::{Build, node};

use super::{With, exact, lines, quoted};

/// The steps for an action; none where it is none of these, or wants what the command cannot bring.
pub(super) fn steps(action: &str, version: &str, with: &With<'_>) -> Option<Vec<Build>> {
    let made = match action {
        "pnpm/action-setup" => {
            if !with.only(&["version", "package_json_file", "run_install", "standalone"]) || with.truth("run_install", false)? {
                return None;
            }
            match with.get("version") {
                Some(version) => lines([format!("npm install --global pnpm@{}", quoted(version))]),
                // Without a version it is the one that `package.json` names.
                None => lines(["npm install --global corepack", "corepack enable pnpm"]),
            }
        }
        "astral-sh/setup-uv" => {
            if !with.only(&[
                "version",
                "enable-cache",
                "cache-dependency-glob",
                "github-token",
                "ignore-empty-workdir",
                "prune-cache",
            ]) {
                return None;
            }
            let path = match with.get("version") {
                None | Some("latest") => String::new(),
                Some(version) => format!("{}/", exact(version)?),
            };
            lines([format!("curl -fsSL https://astral.sh/uv/{path}install.sh | env UV_INSTALL_DIR=/usr/local/bin sh")])
        }
        "oven-sh/setup-bun" => {
            let version = match (with.only(&["bun-version"]), with.get("bun-version")) {
                (true, None | Some("latest")) => String::new(),
                (true, Some(version)) => format!(" -s bun-v{}", exact(version)?),
                (false, _) => return None,
            };
            lines([format!("curl -fsSL https://bun.sh/install | env BUN_INSTALL=/usr/local bash{version}")])
        }
        "denoland/setup-deno" => {
            let version = match (with.only(&["deno-version", "cache"]), with.get("deno-version")) {
                (true, None | Some("latest" | "v2.x" | "v2" | "2.x")) => String::new(),
                // The last release of the first line.
                (true, Some("v1.x" | "v1" | "1.x")) => " v1.46.3".to_owned(),
                (true, Some(version)) => format!(" v{}", exact(version)?),
                (false, _) => return None,
            };
            lines([format!("curl -fsSL https://deno.land/install.sh | env DENO_INSTALL=/usr/local sh -s --{version} --yes")])
        }
        "sigstore/cosign-installer" => {
            let path = match (with.only(&["cosign-release", "install-dir", "use-sudo"]), with.get("cosign-release")) {
                (true, None) => "latest/download".to_owned(),
                (true, Some(version)) => format!("download/v{}", exact(version)?),
                (false, _) => return None,
            };
            lines([
                format!(
                    "curl -fsSLo /usr/local/bin/cosign https://github.com/sigstore/cosign/releases/{path}/cosign-linux-amd64"
                ),
                "chmod +x /usr/local/bin/cosign".to_owned(),
            ])
        }
        "hashicorp/setup-terraform" => {
            let version = with.get("terraform_version").map(exact);
            let keys =
                ["terraform_version", "terraform_wrapper", "cli_config_credentials_token", "cli_config_credentials_hostname"];
            if !with.only(&keys) || version == Some(None) {
                return None;
            }
            // The newest release, as Terraform itself asks for it.
            let newest = "curl -fsSL https://checkpoint-api.hashicorp.com/v1/check/terraform | sed 's/.*\"current_version\": *\"\\([^\"]*\\)\".*/\\1/'";
            let asked = version.flatten().map_or_else(|| vec![format!("VERSION=$({newest})")], |_| Vec::new());
            let (number, name) = version.flatten().map_or(("$VERSION", "${VERSION}"), |v| (v, v));
            let file = format!("https://releases.hashicorp.com/terraform/{number}/terraform_{name}_linux_amd64.zip");
            let bring = [
                format!("curl -fsSLo /tmp/terraform.zip \"{file}\""),
                "unzip -o /tmp/terraform.zip terraform -d /usr/local/bin".to_owned(),
            ];
            let script: Vec<String> = asked.into_iter().chain(bring).collect();
            let mut step = lines([script.join("\n")]);
            if let Some(token) = with.get("cli_config_credentials_token") {
                let host = with.get("cli_config_credentials_hostname").unwrap_or("app.terraform.io");
                let said = format!(
                    "(umask 077 && printf 'credentials \"%s\" {{\\n  token = \"%s\"\\n}}\\n' {} \"$TERRAFORM_TOKEN\" > ~/.terraformrc)",
                    quoted(host)
                );
                step = lines([format!("{}\n{said}", script.join("\n"))]);
                step.push(node("env").prop("TERRAFORM_TOKEN", token));
            }
            step
        }
        "azure/setup-helm" => {
            if !with.only(&["version", "token"]) {
                return None;
            }
            let version = match with.get("version") {
                None | Some("latest") => String::new(),
                Some(version) => format!("env DESIRED_VERSION=v{} ", exact(version)?),
            };
            lines([format!("curl -fsSL https://raw.githubusercontent.com/helm/helm/main/scripts/get-helm-3 | {version}bash")])
        }
        "actions/setup-go" => go(with)?,
        "dart-lang/setup-dart" => {
            if !with.only(&["sdk"]) || with.get("sdk").is_some_and(|s| s != "stable") {
                return None;
            }
            let folder = "https://storage.googleapis.com/dart-archive/channels/stable/release/latest/sdk";
            lines([
                format!("curl -fsSLo /tmp/dart.zip {folder}/dartsdk-linux-x64-release.zip"),
                "unzip -qo /tmp/dart.zip -d /usr/local/lib".to_owned(),
                "ln -sf /usr/local/lib/dart-sdk/bin/dart /usr/local/bin/dart".to_owned(),
            ])
        }
        "ko-build/setup-ko" => {
            let version =
                with.get("version").map_or(Some("latest"), |v| exact(v).map(|_| v)).filter(|_| with.only(&["version"]))?;
            lines([format!("GOBIN=/usr/local/bin go install github.com/google/ko@{version}")])
        }
        "peaceiris/actions-hugo" => {
            let version = with.get("hugo-version").and_then(exact).filter(|_| with.only(&["hugo-version", "extended"]))?;
            let kind = if with.truth("extended", false)? { "hugo_extended" } else { "hugo" };
            let file =
                format!("https://github.com/gohugoio/hugo/releases/download/v{version}/{kind}_{version}_Linux-64bit.tar.gz");
            lines([format!("curl -fsSL {file} | tar -xz -C /usr/local/bin hugo")])
        }
        "shivammathur/setup-php" => {
            let plain = with.only(&["php-version", "coverage"]) && with.get("coverage").is_none_or(|c| c == "none");
            node("toolchain").prop("php", with.get("php-version").filter(|_| plain)?)
        }
        "taiki-e/install-action" => crates(version, with)?,
        "golangci/golangci-lint-action" => return linter(with),
        _ => return None,
    };
    Some(vec![made])
}

/// The version that `go.mod` names, without a third number the newest of its line.
fn go(with: &With<'_>) -> Option<Build> {
    let file = with.get("go-version-file").filter(|f| f.ends_with("go.mod"))?;
    if !with.only(&["go-version-file", "cache", "check-latest", "cache-dependency-path"]) {
        return None;
    }
    let read = "$1 == \"toolchain\" { v = substr($2, 3) } $1 == \"go\" && !v { v = $2 } END { print v }";
    let newest = "curl -fsSL \"https://go.dev/dl/?mode=json&include=all\" | grep -o \"go$VERSION\\.[0-9]*\" | sort -V | tail -n 1 | cut -c 3-";
    Some(lines([[
        format!("VERSION=$(awk '{read}' {})", quoted(file)),
        format!("case \"$VERSION\" in *.*.*) ;; *) VERSION=$({newest}) ;; esac"),
        "curl -fsSL \"https://go.dev/dl/go$VERSION.linux-amd64.tar.gz\" | tar -xz -C /usr/local".to_owned(),
        "ln -sf /usr/local/go/bin/go /usr/local/go/bin/gofmt /usr/local/bin/".to_owned(),
    ]
    .join("\n")]))
}

/// Crates whose program has another name.
const CRATES: &[(&str, &str)] = &[
    ("nextest", "cargo-nextest"),
    ("wasmtime", "wasmtime-cli"),
    ("wasmtime-cli", "wasmtime-cli"),
    ("cross", "cross"),
    ("wasm-pack", "wasm-pack"),
    ("just", "just"),
    ("mdbook", "mdbook"),
];

/// Programs of cargo; the version of the action may be the name of one.
fn crates(version: &str, with: &With<'_>) -> Option<Build> {
    if !with.only(&["tool", "checksum", "fallback"]) {
        return None;
    }
    let asked = match with.get("tool") {
        Some(_) => with.items("tool")?,
        None => vec![version],
    };
    if asked.iter().all(|tool| *tool == "valgrind") && !asked.is_empty() {
        return Some(lines(["apt-get update && apt-get install -y --no-install-recommends valgrind"]));
    }
    let name = |asked: &str| {
        let (tool, version) = asked.split_once('@').map_or((asked, None), |(t, v)| (t, Some(v)));
        let known = CRATES.iter().find(|(t, _)| *t == tool).map(|(_, c)| *c);
        let krate = known.or_else(|| tool.starts_with("cargo-").then_some(tool))?;
        Some(version.map_or_else(|| krate.to_owned(), |v| format!("{krate}@{v}")))
    };
    let names = asked.into_iter().map(name).collect::<Option<Vec<_>>>().filter(|n| !n.is_empty())?;
    Some(lines([format!("cargo install --locked {}", names.join(" "))]))
}

fn linter(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = ["version", "args", "working-directory", "only-new-issues", "skip-cache", "github-token"];
    // Without the patch of the change every issue counts, which is stricter.
    if !with.only(&keys) {
        return None;
    }
    let version = with.get("version").filter(|v| *v != "latest").unwrap_or_default();
    let script = "https://raw.githubusercontent.com/golangci/golangci-lint/HEAD/install.sh";
    let bring = format!("curl -fsSL {script} | sh -s -- -b /usr/local/bin {version}");
    let arguments = with.get("args").map(|a| format!(" {a}")).unwrap_or_default();
    let lint = lines([format!("golangci-lint run{arguments}")]).maybe("dir", with.get("working-directory"));
    Some(vec![lines([bring.trim_end()]), lint])
}
