//! Actions that deliver: pages, requests to merge, packages for a cloud.

use crate::front::node::{Build, node};

use super::{With, lines, quoted};

/// The steps for an action on GitLab; none where it is none of these.
pub(super) fn steps(action: &str, with: &With<'_>) -> Option<Vec<Build>> {
    match action {
        "peter-evans/create-pull-request" => request(with),
        "azure/functions-action" | "azure/webapps-deploy" => zipped(with),
        "jamesives/github-pages-deploy-action" => pushed(with),
        _ => None,
    }
}

/// The folder that an action publishes as pages, where it always does.
pub(in crate::front::github) fn pages(action: &str, with: &With<'_>) -> Option<String> {
    match action {
        "actions/upload-pages-artifact" if with.only(&["path", "name", "retention-days", "include-hidden-files"]) => {
            Some(with.get("path").unwrap_or("_site").to_owned())
        }
        "peaceiris/actions-gh-pages" => {
            let keys = [
                "github_token",
                "publish_dir",
                "publish_branch",
                "force_orphan",
                "cname",
                "user_name",
                "user_email",
                "commit_message",
            ];
            let own = with.get("publish_branch").is_none_or(|b| b == "gh-pages") && with.only(&keys);
            own.then(|| with.get("publish_dir").unwrap_or("public").to_owned())
        }
        "jamesives/github-pages-deploy-action" => {
            let keys =
                ["token", "branch", "folder", "clean", "single-commit", "commit-message", "git-config-name", "git-config-email"];
            let own = with.get("branch").is_none_or(|b| b == "gh-pages") && with.only(&keys);
            // What is left out of the branch before is left out of pages, too, and files that stay there are not.
            let whole = with.truth("clean", true) == Some(true);
            with.get("folder").filter(|f| own && whole && !f.contains("${")).map(str::to_owned)
        }
        _ => None,
    }
}

/// A merge request with what the job changed, made by options of the push.
fn request(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = [
        "token",
        "branch-token",
        "commit-message",
        "title",
        "body",
        "branch",
        "base",
        "labels",
        "delete-branch",
        "signoff",
        "author",
        "committer",
        "draft",
        "add-paths",
        "assignees",
    ];
    // What an app of GitHub may do opens no other vendor's repository.
    let foreign = with.get("token").is_some_and(|t| t.contains("${value."));
    if !with.only(&keys) || with.truth("draft", false)? || foreign {
        return None;
    }
    let message = with.get("commit-message").unwrap_or("[create-pull-request] automated change");
    let sign = if with.truth("signoff", false)? { " --signoff" } else { "" };
    let author = with.get("author").map(|a| format!(" --author {}", quoted(a))).unwrap_or_default();
    let mut options = vec![
        "merge_request.create".to_owned(),
        format!("merge_request.target={}", with.get("base").unwrap_or("$CI_DEFAULT_BRANCH")),
        format!("merge_request.title={}", with.get("title").unwrap_or("Changes by create-pull-request action")),
    ];
    if let Some(body) = with.get("body") {
        // An option of a push is one line.
        options.push(format!("merge_request.description={}", body.lines().map(str::trim).collect::<Vec<_>>().join(" ")));
    }
    // People have the names there that they have here, or the vendor says that it knows none of them.
    options.extend(with.items("assignees")?.iter().map(|a| format!("merge_request.assign={a}")));
    options.extend(with.items("labels")?.iter().map(|l| format!("merge_request.label={l}")));
    if with.truth("delete-branch", false)? {
        options.push("merge_request.remove_source_branch".to_owned());
    }
    let options: Vec<String> =
        options.iter().map(|o| format!(" -o {}", quoted(o).replace("\\$CI_DEFAULT_BRANCH", "$CI_DEFAULT_BRANCH"))).collect();
    let token = with.get("token").filter(|t| *t != "${run.token}");
    let user = token.map_or("gitlab-ci-token:$CI_JOB_TOKEN".to_owned(), |t| format!("token:{t}"));
    let branch = with.get("branch").unwrap_or("create-pull-request/patch");
    let paths = with.items("add-paths")?.join(" ");
    Some(vec![lines([
        format!("git add {}", if paths.is_empty() { "--all" } else { &paths }),
        "git diff --cached --quiet && exit 0".to_owned(),
        "git config user.name \"$GITLAB_USER_NAME\"".to_owned(),
        "git config user.email \"$GITLAB_USER_EMAIL\"".to_owned(),
        format!("git commit{sign}{author} --message {}", quoted(message)),
        format!("URL=\"https://{user}@$CI_SERVER_HOST/$CI_PROJECT_PATH.git\""),
        format!("git push --force{} \"$URL\" {}", options.concat(), quoted(&format!("HEAD:refs/heads/{branch}"))),
    ])])
}

/// A folder as the files of another repository's branch, by a token of its own. Files that are there no more go, but for those that the action
/// leaves alone (JamesIves/github-pages-deploy-action, `src/git.ts`).
fn pushed(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = [
        "token",
        "branch",
        "folder",
        "target-folder",
        "repository-name",
        "clean",
        "commit-message",
        "git-config-name",
        "git-config-email",
    ];
    let (token, repository) = (with.get("token").filter(|t| t.starts_with("${secret."))?, with.get("repository-name")?);
    let folder = with.get("folder").filter(|f| !f.starts_with(['/', '~']))?;
    if !with.only(&keys) || !with.truth("clean", true)? {
        return None;
    }
    let branch = with.get("branch").unwrap_or("gh-pages");
    let target = with.get("target-folder").unwrap_or_default().trim_matches('/');
    let to = if target.is_empty() { "/tmp/pages".to_owned() } else { format!("/tmp/pages/{target}") };
    let message = with.get("commit-message").map_or_else(|| "Deploying to ".to_owned() + branch, str::to_owned);
    let kept: String = [".git", ".github", ".ssh", "CNAME", ".nojekyll"].iter().map(|name| format!(" ! -name {name}")).collect();
    let mut step = lines([[
        format!(
            "git clone --depth 1 --branch {} \"https://x-access-token:$PAGES_TOKEN@github.com/{repository}.git\" /tmp/pages",
            quoted(branch)
        ),
        format!("mkdir -p {}", quoted(&to)),
        format!("find {} -mindepth 1 -maxdepth 1{kept} -exec rm -rf {{}} +", quoted(&to)),
        format!("cp -R {} {}", quoted(&format!("{}/.", folder.trim_end_matches('/'))), quoted(&to)),
        "cd /tmp/pages".to_owned(),
        "git add --all".to_owned(),
        "git diff --cached --quiet && exit 0".to_owned(),
        format!("git config user.name {}", quoted(with.get("git-config-name").unwrap_or("${run.actor}"))),
        format!(
            "git config user.email {}",
            quoted(with.get("git-config-email").unwrap_or("${run.actor}@users.noreply.github.com"))
        ),
        format!("git commit --message {}", quoted(&message)),
        format!("git push origin {}", quoted(&format!("HEAD:refs/heads/{branch}"))),
    ]
    .join("\n")]);
    step.push(node("env").prop("PAGES_TOKEN", token));
    Some(vec![step])
}

/// A folder or archive for an app of Azure, by the address and password of its publish profile.
fn zipped(with: &With<'_>) -> Option<Vec<Build>> {
    let keys = ["app-name", "package", "publish-profile", "respect-pom-xml"];
    let (profile, package) = (with.get("publish-profile")?, with.get("package").unwrap_or("."));
    // A package of Java has a kind of its own, and one that the project file names is looked up by the action.
    let plain = !package.contains(".jar") && !package.contains(".war") && !with.truth("respect-pom-xml", false)?;
    if !with.only(&keys) || !plain {
        return None;
    }
    let field = |name: &str| format!("printf %s \"$PROFILE\" | grep -o '{name}=\"[^\"]*\"' | sed -n 1p | cut -d '\"' -f 2");
    let script = [
        format!("PROFILE={}", quoted(profile)),
        format!("PACKAGE={}", quoted(package)),
        format!("HOST=$({})", field("publishUrl")),
        format!("USER_NAME=$({})", field("userName")),
        format!("PASSWORD=$({})", field("userPWD")),
        "if [ -d \"$PACKAGE\" ]; then (cd \"$PACKAGE\" && zip -qr /tmp/package.zip .); else cp \"$PACKAGE\" /tmp/package.zip; fi"
            .to_owned(),
        "curl -fsS -X POST --user \"$USER_NAME:$PASSWORD\" --data-binary @/tmp/package.zip \"https://${HOST%%:*}/api/zipdeploy\""
            .to_owned(),
    ];
    Some(vec![lines([script.join("\n")])])
}
