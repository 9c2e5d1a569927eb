//! Tokens that an action gets of GitHub for the steps behind it, got by commands.

use crate::front::node::{Build, node};

use super::{With, lines, quoted};

/// The action that gets the token of an app.
pub(super) const APP: &str = "actions/create-github-app-token";

/// The steps for an action; none where it is none of these.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    match action {
        APP => app(with),
        _ => None,
    }
}

/// The token of an app's installation: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" and "Create an installation access token
/// for an app". Which installation it is the action's `lib/main.js` says: that of the repository, or of the owner where only that is said.
fn app(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = ["app-id", "client-id", "private-key", "owner", "repositories", "skip-token-revoke"];
    let is_permission = |key: &str| key.starts_with("permission-");
    let all: Vec<&str> = keys.iter().copied().chain(with.keys().filter(|k| is_permission(k))).collect();
    let file = with.told("token");
    if !with.only(&all) || with.get("private-key")?.contains('\n') {
        return None;
    }
    let app = with.get("app-id").or_else(|| with.get("client-id"))?;
    let repositories = with.items("repositories")?;
    let owner = with.get("owner");
    let installation = match (owner, repositories.first()) {
        (None, None) => "repos/${repository.name}".to_owned(),
        (None, Some(first)) => format!("repos/${{repository.owner}}/{first}"),
        (Some(owner), None) => format!("users/{owner}"),
        (Some(owner), Some(first)) => format!("repos/{owner}/{first}"),
    };
    let mut permissions = Vec::new();
    for key in with.keys().filter(|k| is_permission(k)) {
        let level = with.get(key).filter(|l| l.chars().all(|c| c.is_ascii_alphabetic()))?;
        permissions.push(format!("\"{}\":\"{level}\"", key.trim_start_matches("permission-").replace('-', "_")));
    }
    let plain = |r: &&str| r.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !repositories.iter().all(plain) {
        return None;
    }
    let mut asked = Vec::new();
    if owner.is_none() && repositories.is_empty() {
        asked.push("\"repositories\":[\"'\"${NAME#*/}\"'\"]".to_owned());
    } else if !repositories.is_empty() {
        let named: Vec<String> = repositories.iter().map(|r| format!("\"{r}\"")).collect();
        asked.push(format!("\"repositories\":[{}]", named.join(",")));
    }
    if !permissions.is_empty() {
        asked.push(format!("\"permissions\":{{{}}}", permissions.join(",")));
    }
    let mut script = vec![
        "encoded() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }".to_owned(),
        "KEY_FILE=$(mktemp)".to_owned(),
        "printf '%b\\n' \"$APP_KEY\" > \"$KEY_FILE\"".to_owned(),
        "NOW=$(date +%s)".to_owned(),
        "CLAIMS=$(printf '{\"iat\":%s,\"exp\":%s,\"iss\":\"%s\"}' \"$((NOW - 60))\" \"$((NOW + 540))\" \"$APP\" | encoded)"
            .to_owned(),
        "SIGNED=\"$(printf '{\"alg\":\"RS256\",\"typ\":\"JWT\"}' | encoded).$CLAIMS\"".to_owned(),
        "JWT=\"$SIGNED.$(printf %s \"$SIGNED\" | openssl dgst -sha256 -sign \"$KEY_FILE\" | encoded)\"".to_owned(),
        "rm -f \"$KEY_FILE\"".to_owned(),
        "asked() { curl -fsS -H \"Authorization: Bearer $JWT\" -H \"Accept: application/vnd.github+json\" \"$@\"; }".to_owned(),
    ];
    if owner.is_none() && repositories.is_empty() {
        script.push("NAME=\"${repository.name}\"".to_owned());
    }
    script.push(format!(
        "ID=$(asked {} | tr ',{{' '\\n\\n' | sed -n 's/^ *\"id\": *\\([0-9]*\\).*/\\1/p' | sed -n 1p)",
        quoted(&format!("https://api.github.com/{installation}/installation"))
    ));
    script.push(format!(
        "TOKEN=$(asked -X POST --data '{{{}}}' \"https://api.github.com/app/installations/$ID/access_tokens\" | sed -n 's/.*\"token\": *\"\\([^\"]*\\)\".*/\\1/p')",
        asked.join(",")
    ));
    script.push("[ -n \"$TOKEN\" ]".to_owned());
    if let Some(file) = file {
        script.push(format!("(umask 077 && printf %s \"$TOKEN\" > {file})"));
    }
    let mut step = lines([script.join("\n")]);
    step.push(node("env").prop("APP", app));
    step.push(node("env").prop("APP_KEY", with.get("private-key")?));
    Some(vec![step])
}
