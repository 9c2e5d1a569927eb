//! A look for the files of artifacts at the end of a script: where there are none, GitLab itself only warns ("no matching files") and the
//! job succeeds (gitlab.com/gitlab-org/gitlab/-/issues/22711).

use crate::back::gitlab::script::Item;
use crate::back::gitlab::value::{Place, word};
use crate::back::shell::globbed;
use crate::ir::job::Shell;
use crate::plan::kept;

/// One line an artifact.
pub(super) fn looked_for(place: Place<'_>) -> Vec<Item> {
    let pwsh = place.job.job.shell.value == Shell::Pwsh;
    let line = |kept: &kept::Kept| {
        let tests: Vec<String> = kept.paths.iter().map(|p| if pwsh { listed(p) } else { holds_a_file(p) }).collect();
        let text = if pwsh {
            format!("if (-not ({})) {{ throw \"no file for {}\" }}", tests.join(" -or "), kept.name)
        } else {
            tests.join(" || ")
        };
        Item { comment: Some(format!("Without a file for {} the job fails.", kept.name)), text }
    };
    kept::of(place.plan.pipeline, place.workflow, place.job).iter().map(line).collect()
}

/// A command that fails where there is no file at a path, or below it.
fn holds_a_file(path: &str) -> String {
    let folder = path.trim_end_matches('/');
    let parts: Vec<&str> = folder.split('/').collect();
    let (fixed, wild) = parts.split_at(parts.iter().take_while(|p| !p.contains(['*', '?', '['])).count());
    let below = if fixed.is_empty() { ".".to_owned() } else { fixed.join("/") };
    match wild {
        [] if folder == path && path != "." => format!("test -e {}", word(path)),
        [] | ["**"] => format!("test -n \"$(find {} -type f)\"", word(&below)),
        ["**", name] if folder == path => format!("test -n \"$(find {} -name {})\"", word(&below), word(name)),
        wild if wild.contains(&"**") => {
            // The star of `-path` takes slashes too, and so stands for any number of folders.
            let pattern = format!("{below}/{}", wild.join("/").replace("**/", "*"));
            format!("test -n \"$(find {} -path {})\"", word(&below), word(&pattern))
        }
        _ => format!("ls -d {} > /dev/null", globbed(folder)),
    }
}

/// The files at a path, or below it, in PowerShell: none is false.
fn listed(path: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let folder = path.trim_end_matches('/');
    match folder.split_once("**") {
        None => format!("(Get-ChildItem -Recurse -File {} -ErrorAction SilentlyContinue)", quoted(folder)),
        Some((below, rest)) => {
            let below = if below.is_empty() { "." } else { below.trim_end_matches('/') };
            let name = rest.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("*");
            format!("(Get-ChildItem -Recurse -File {} -Filter {} -ErrorAction SilentlyContinue)", quoted(below), quoted(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{holds_a_file, listed};

    #[test]
    fn powershell_has_its_own_words() {
        assert_eq!(listed("dist/"), "(Get-ChildItem -Recurse -File 'dist' -ErrorAction SilentlyContinue)");
        assert_eq!(listed("a/**/x*.log"), "(Get-ChildItem -Recurse -File 'a' -Filter 'x*.log' -ErrorAction SilentlyContinue)");
    }

    #[test]
    fn each_kind_of_path_has_its_test() {
        for (path, test) in [
            ("coverage.xml", "test -e coverage.xml"),
            ("a b.txt", "test -e 'a b.txt'"),
            ("dist/", "test -n \"$(find dist -type f)\""),
            (".", "test -n \"$(find . -type f)\""),
            ("**", "test -n \"$(find . -type f)\""),
            ("junit/*.xml", "ls -d junit/*.xml > /dev/null"),
            ("my docs/[a-z ]*.pdf", "ls -d my\\ docs/[a-z\\ ]*.pdf > /dev/null"),
            ("**/report.xml", "test -n \"$(find . -name report.xml)\""),
            ("target/**/*.jar", "test -n \"$(find target -name '*.jar')\""),
            ("a/**/b/*.xml", "test -n \"$(find a -path 'a/*b/*.xml')\""),
        ] {
            assert_eq!(holds_a_file(path), test, "{path}");
        }
    }
}
