//! Actions that publish: releases, coverage, messages.

use crate::front::node::{Build, node};

use super::{With, lines, quoted};

/// The steps for an action; none where it is none of these.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    match action {
        "codecov/codecov-action" => coverage(with),
        "slackapi/slack-github-action" => {
            if !with.only(&["webhook", "webhook-type", "payload"]) || with.get("webhook-type") != Some("incoming-webhook") {
                return None;
            }
            let (address, payload) = (with.get("webhook")?, with.get("payload").filter(|p| p.starts_with('{'))?);
            let post = format!("curl -fsS -H \"Content-Type: application/json\" --data {} {}", quoted(payload), quoted(address));
            Some(vec![lines([post])])
        }
        _ => None,
    }
}

/// Coverage, by the program that the action runs, too.
fn coverage(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = [
        "token",
        "file",
        "files",
        "flags",
        "name",
        "verbose",
        "fail_ci_if_error",
        "directory",
        "slug",
        "disable_search",
        "codecov_yml_path",
        "exclude",
        "report_type",
        "env_vars",
        "os",
    ];
    if !with.only(&keys) {
        return None;
    }
    let mut before = String::new();
    if with.truth("verbose", false)? {
        before.push_str(" --verbose");
    }
    if let Some(path) = with.get("codecov_yml_path") {
        before.push_str(&format!(" --codecov-yml-path {}", quoted(path)));
    }
    let mut command = format!("/tmp/codecov{before} upload-process");
    for key in ["file", "files"] {
        with.items(key)?.iter().for_each(|f| command.push_str(&format!(" --file {}", quoted(f))));
    }
    with.items("flags")?.iter().for_each(|f| command.push_str(&format!(" --flag {}", quoted(f))));
    for (key, option) in [
        ("name", "--name"),
        ("directory", "--dir"),
        ("slug", "--slug"),
        ("report_type", "--report-type"),
        ("exclude", "--exclude"),
    ] {
        if let Some(value) = with.get(key) {
            command.push_str(&format!(" {option} {}", quoted(value)));
        }
    }
    let strict = with.truth("fail_ci_if_error", false)?;
    for (holds, option) in [(with.truth("disable_search", false)?, " --disable-search"), (strict, " --fail-on-error")] {
        if holds {
            command.push_str(option);
        }
    }
    let mut step = lines([
        "curl -fsSLo /tmp/codecov https://cli.codecov.io/latest/linux/codecov",
        "chmod +x /tmp/codecov",
        command.as_str(),
    ]);
    if let Some(token) = with.get("token") {
        step.push(node("env").prop("CODECOV_TOKEN", token));
    }
    if !strict {
        step.push(node("continue-on-error"));
    }
    Some(vec![step])
}

/// A release of GitLab with files of its package registry.
pub(super) fn release(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = [
        "files",
        "tag_name",
        "name",
        "body",
        "token",
        "draft",
        "prerelease",
        "generate_release_notes",
        "fail_on_unmatched_files",
    ];
    if !with.only(&keys) || with.truth("draft", false)? || with.truth("prerelease", false)? {
        return None;
    }
    let tag = with.get("tag_name").unwrap_or("${commit.tag}");
    let name = with.get("name").unwrap_or(tag);
    let body = with.get("body").unwrap_or_default();
    let mut script = vec![
        format!("TAG={}", quoted(tag)),
        format!("NAME={}", quoted(name)),
        format!("BODY={}", quoted(body)),
        "API=\"$CI_API_V4_URL/projects/$CI_PROJECT_ID\"".to_owned(),
        "curl -fsS -H \"JOB-TOKEN: $CI_JOB_TOKEN\" --data-urlencode \"tag_name=$TAG\" --data-urlencode \"name=$NAME\" --data-urlencode \"description=$BODY\" \"$API/releases\"".to_owned(),
    ];
    let files: Vec<&str> =
        with.get("files").unwrap_or_default().split(['\n', ',']).map(str::trim).filter(|f| !f.is_empty()).collect();
    if files.iter().any(|f| f.contains("${input.") || f.contains(' ')) {
        return None;
    }
    if !files.is_empty() {
        script.extend([
            format!("for FILE in {}; do", files.join(" ")),
            "  ADDRESS=\"$API/packages/generic/release/$TAG/$(basename \"$FILE\")\"".to_owned(),
            "  curl -fsS -H \"JOB-TOKEN: $CI_JOB_TOKEN\" --upload-file \"$FILE\" \"$ADDRESS\"".to_owned(),
            "  curl -fsS -H \"JOB-TOKEN: $CI_JOB_TOKEN\" --data-urlencode \"name=$(basename \"$FILE\")\" --data-urlencode \"url=$ADDRESS\" \"$API/releases/$TAG/assets/links\"".to_owned(),
            "done".to_owned(),
        ]);
    }
    Some(vec![lines([script.join("\n")])])
}
