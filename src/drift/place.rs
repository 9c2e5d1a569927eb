//! Whether a path may be written at all, and what stands there.

use std::io::ErrorKind;
use std::path::Path;

/// What stands at the path of an output.
pub enum Found {
    /// Nothing; folders above it may be missing too.
    Nothing,
    /// A regular file.
    File {
        /// Whether its owner may execute it; `None` where the system has no such thing.
        executable: Option<bool>,
    },
}

/// Longest name of a file or folder, in bytes, that every usual disk takes.
const MAX_NAME: usize = 255;

/// Names that Windows keeps for devices, with any ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Refuses a path that is not a plain relative path below the root, or that some disk takes for another one. Says why.
///
/// # Errors
/// In words, without the path.
pub fn legal(path: &str) -> Result<(), String> {
    if path.is_empty() || path.starts_with('/') {
        return Err("it is not a path relative to the root".to_owned());
    }
    for name in path.split('/') {
        let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
        let numbered = (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.len() == 4
            && stem.ends_with(|c: char| c.is_ascii_digit());
        let why = if name.is_empty() || name == "." || name == ".." {
            "it has an empty part, `.` or `..`"
        } else if name.contains(|c: char| c.is_control() || matches!(c, '\\' | ':' | '<' | '>' | '"' | '|' | '?' | '*')) {
            "it has a character that not every disk takes in a name"
        } else if name.ends_with(['.', ' ']) {
            "a part ends with a dot or a blank, which Windows drops"
        } else if name.len() > MAX_NAME {
            "a part is longer than 255 bytes"
        } else if DEVICES.contains(&stem.as_str()) || numbered {
            "a part is the name of a device on Windows"
        } else if name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1") {
            "it lies in the folder of git"
        } else {
            continue;
        };
        return Err(why.to_owned());
    }
    Ok(())
}

/// Looks at every part of the path below the root without following a link.
///
/// # Errors
/// In words: an illegal path, a symbolic link on the way, something that is neither folder nor regular file, a refusal of the system.
pub fn inspect(root: &Path, path: &str) -> Result<Found, String> {
    legal(path)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !folder.is_empty() && !inspect_folder(root, folder)? {
        return Ok(Found::Nothing);
    }
    let at = root.join(folder).join(name);
    let meta = match at.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(format!("{path}: {error}")),
    };
    if meta.is_symlink() {
        return Err(format!("{path} is a symbolic link"));
    } else if !meta.is_file() {
        return Err(format!("{path} is not a regular file"));
    }
    #[cfg(unix)]
    let executable = Some(std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o100 != 0);
    #[cfg(not(unix))]
    let executable = None;
    Ok(Found::File { executable })
}

/// Whether a folder is there, no part of its path below the root being a link.
///
/// # Errors
/// In words: a symbolic link, something that is no folder, a refusal of the system.
pub fn inspect_folder(root: &Path, folder: &str) -> Result<bool, String> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for end in ends {
        let part = &folder[..end];
        match root.join(part).symlink_metadata() {
            Ok(meta) if meta.is_symlink() => return Err(format!("{part} is a symbolic link")),
            Ok(meta) if !meta.is_dir() => return Err(format!("{part} is not a folder")),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(format!("{part}: {error}")),
        }
    }
    Ok(true)
}

/// The lines of a diff for a permission to execute that is missing or too much.
pub fn mode_drift(is: Option<bool>, wanted: bool) -> Option<String> {
    let name = |executable| if executable { "100755" } else { "100644" };
    is.filter(|is| *is != wanted).map(|is| format!("old mode {}\nnew mode {}\n", name(is), name(wanted)))
}

#[cfg(test)]
mod tests {
    use super::legal;

    #[test]
    fn only_plain_paths_below_the_root_are_legal() {
        for path in [".gitlab-ci.yml", ".github/workflows/ci.yml", "a/b c/ü.yml", "console/x", "common.yml", "x.git/y"] {
            assert_eq!(legal(path), Ok(()), "{path}");
        }
        for path in [
            "",
            "/etc/x",
            "../x",
            "a/../x",
            "a//b",
            "./a",
            "a/.",
            "C:/x",
            "c:x",
            "a\\b",
            "\\\\host\\x",
            "a\0b",
            "a\nb",
            "a/con",
            "AUX.yml",
            "nul.tar.gz",
            "com1",
            "LPT9.x",
            "x.",
            "x ",
            "a /b",
            ".git/hooks/x",
            "a/.GIT/config",
            "git~1/x",
            "a*b",
            "a?",
            "a|b",
            "\u{1b}[0m",
            &"x".repeat(256),
        ] {
            assert!(legal(path).is_err(), "{path:?}");
        }
    }
}
