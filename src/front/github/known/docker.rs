//! Docker's own actions as commands.

use crate::front::node::Build;

use super::{With, lines, quoted};

/// The steps for an action; none where it is no action of docker, or asks for what a command cannot say.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    let made = match action {
        "docker/setup-buildx-action" => {
            if !with.only(&["driver", "install", "version", "cache-binary"])
                || with.get("driver").is_some_and(|d| d != "docker-container")
            {
                return None;
            }
            "docker buildx create --use".to_owned()
        }
        "docker/setup-qemu-action" => {
            if !with.only(&["platforms", "image", "cache-image"]) {
                return None;
            }
            let platforms = with.get("platforms").unwrap_or("all");
            format!("docker run --rm --privileged tonistiigi/binfmt --install {}", quoted(platforms))
        }
        "docker/login-action" | "azure/docker-login" => login(with)?,
        "docker/build-push-action" => build(with)?,
        _ if action.starts_with("docker://") && with.only(&["args", "entrypoint"]) => {
            let image = action.trim_start_matches("docker://");
            let entrypoint = with.get("entrypoint").map(|e| format!(" --entrypoint {}", quoted(e))).unwrap_or_default();
            let arguments = with.get("args").map(|a| format!(" {a}")).unwrap_or_default();
            format!(
                "docker run --rm --volume \"$PWD:/github/workspace\" --workdir /github/workspace{entrypoint} {image}{arguments}"
            )
        }
        _ => return None,
    };
    Some(vec![lines([made])])
}

fn login(with: &With<'_>) -> Option<String> {
    if !with.only(&["registry", "login-server", "username", "password", "logout"]) {
        return None;
    }
    let (user, password) = (with.get("username")?, with.get("password")?);
    // The token of a run opens the registry of its own vendor only.
    if password.contains("${run.token}") || password.contains("${input.") {
        return None;
    }
    let registry = with.get("registry").or_else(|| with.get("login-server"));
    let registry = registry.map(|r| format!(" {}", quoted(r))).unwrap_or_default();
    Some(format!("printf %s {} | docker login --username {} --password-stdin{registry}", quoted(password), quoted(user)))
}

/// Inputs of a build that are an option of `docker buildx build`, once for each line.
const EACH: &[(&str, &str)] = &[
    ("build-args", "--build-arg"),
    ("labels", "--label"),
    ("tags", "--tag"),
    ("outputs", "--output"),
    ("secrets", "--secret"),
    ("cache-to", "--cache-to"),
    ("cache-from", "--cache-from"),
    ("build-contexts", "--build-context"),
    ("annotations", "--annotation"),
];

/// Inputs that are an option with one value.
const ONE: &[(&str, &str)] = &[("file", "--file"), ("target", "--target"), ("network", "--network"), ("platforms", "--platform")];

fn build(with: &With<'_>) -> Option<String> {
    let others = ["context", "push", "load", "pull", "no-cache", "provenance", "sbom", "github-token"];
    let keys: Vec<&str> = EACH.iter().chain(ONE).map(|(k, _)| *k).chain(others).collect();
    // A secret of the build is read from a file or a variable that only the action makes.
    if !with.only(&keys) || with.get("secrets").is_some() {
        return None;
    }
    // Without a context the action fetches the repository itself, which lies in the job.
    let context = with.get("context").unwrap_or(".");
    let mut command = String::from("docker buildx build");
    for (key, option) in ONE {
        if let Some(value) = with.get(key) {
            let value = value.split(['\n', ',']).map(str::trim).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(",");
            command.push_str(&format!(" {option} {}", quoted(&value)));
        }
    }
    for (key, option) in EACH {
        let Some(text) = with.get(key) else { continue };
        if text.contains("${input.") {
            return None;
        }
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            // The cache of GitHub is nowhere else, and a cache only saves time.
            if !(key.starts_with("cache") && line.contains("type=gha")) {
                let items: Vec<&str> = if *key == "tags" { line.split(',').map(str::trim).collect() } else { vec![line] };
                items.iter().for_each(|i| command.push_str(&format!(" {option} {}", quoted(i))));
            }
        }
    }
    for (key, option) in [("push", "--push"), ("load", "--load"), ("pull", "--pull"), ("no-cache", "--no-cache")] {
        if with.truth(key, false)? {
            command.push_str(&format!(" {option}"));
        }
    }
    for key in ["provenance", "sbom"] {
        if let Some(value) = with.get(key) {
            command.push_str(&format!(" --{key}={}", quoted(value)));
        }
    }
    let Some(file) = with.told("digest") else { return Some(format!("{command} {}", quoted(context))) };
    // What the build says of itself: docs.docker.com, "docker buildx build", `--metadata-file`.
    let said = "sed -n 's/.*\"containerimage.digest\": *\"\\([^\"]*\\)\".*/\\1/p' /tmp/build.json";
    Some(format!("{command} --metadata-file /tmp/build.json {}\n{said} > {file}", quoted(context)))
}
