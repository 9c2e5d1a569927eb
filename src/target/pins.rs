//! Which commit stands behind a version of a GitHub action: `targets/github/pins.tsv`.

use crate::target::asset;

/// An action with the commit it is pinned to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PinnedAction {
    /// `owner/name`, or `owner/name/path`.
    pub path: String,
    /// Forty hexadecimal digits; empty for an action of the repository itself and for an image, which have no commit of their own; the version as
    /// written for one that nobody pinned.
    pub commit: String,
    /// The version the commit stands for, for the comment beside it: `v7.0.1`.
    pub tag: Option<String>,
}

/// A version of an action, as the table knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin {
    /// `owner/name`
    pub action: &'static str,
    /// `v7.0.1`
    pub tag: &'static str,
    /// Forty hexadecimal digits.
    pub commit: &'static str,
}

/// The rows of the table, in its order.
pub fn rows() -> impl Iterator<Item = Pin> {
    asset::text("github/pins.tsv").unwrap_or_default().lines().filter(|l| !l.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Pin { action: cells.next()?, tag: cells.next()?, commit: cells.next()? })
    })
}

/// The newest version of an action that the table knows, for an action that a back end chooses itself (`actions/checkout`).
pub fn latest(action: &str) -> Option<PinnedAction> {
    rows().find(|p| covers(p.action, action)).map(|p| pinned(action, p))
}

/// The commit behind `owner/name@version`, where the version is a tag of the table (`v7.0.1`), the start of one (`v7`), or a commit.
///
/// # Errors
/// What to write instead, as a sentence.
pub fn resolve(reference: &str) -> Result<PinnedAction, String> {
    if reference.starts_with("./") || reference.starts_with("docker://") {
        return Ok(PinnedAction { path: reference.to_owned(), commit: String::new(), tag: None });
    }
    let Some((action, version)) = reference.rsplit_once('@') else {
        return Err("write `owner/name@` and 40 digits of a commit, or a version that pipewright knows".to_owned());
    };
    if is_commit(version) {
        let tag = rows().find(|p| covers(p.action, action) && p.commit == version).map(|p| p.tag.to_owned());
        return Ok(PinnedAction { path: action.to_owned(), commit: version.to_owned(), tag });
    }
    let known: Vec<Pin> = rows().filter(|p| covers(p.action, action)).collect();
    match known.iter().find(|p| p.tag == version || p.tag.strip_prefix(version).is_some_and(|rest| rest.starts_with('.'))) {
        Some(pin) => Ok(pinned(action, *pin)),
        None if known.is_empty() => Err(format!("write the commit behind {version}: `{action}@` and its 40 hexadecimal digits")),
        None => Err(format!(
            "pipewright knows {} of it; for {version} write its commit: `{action}@` and 40 hexadecimal digits",
            known.iter().map(|p| p.tag).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// An action by the version that a spec names, where it accepts that nobody pinned it.
pub fn as_written(reference: &str) -> PinnedAction {
    let (path, version) = reference.rsplit_once('@').unwrap_or((reference, ""));
    PinnedAction { path: path.to_owned(), commit: version.to_owned(), tag: None }
}

impl PinnedAction {
    /// Whether its owner can move what it names.
    pub fn can_move(&self) -> bool {
        !self.commit.is_empty() && !is_commit(&self.commit)
    }

    /// As `uses` takes it.
    pub fn reference(&self) -> String {
        if self.commit.is_empty() { self.path.clone() } else { format!("{}@{}", self.path, self.commit) }
    }
}

fn pinned(path: &str, pin: Pin) -> PinnedAction {
    PinnedAction { path: path.to_owned(), commit: pin.commit.to_owned(), tag: Some(pin.tag.to_owned()) }
}

/// Whether a row of `owner/name` speaks of `owner/name` or of a path in it.
fn covers(row: &str, action: &str) -> bool {
    action.strip_prefix(row).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_commit(version: &str) -> bool {
    version.len() == 40 && version.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::{is_commit, latest, resolve, rows};

    #[test]
    fn every_row_is_an_action_a_version_and_a_commit() {
        assert!(rows().count() > 20);
        for pin in rows() {
            assert!(pin.action.contains('/') && pin.tag.starts_with('v') && is_commit(pin.commit), "{pin:?}");
        }
    }

    #[test]
    fn a_version_is_a_tag_its_start_or_a_commit() {
        let checkout = latest("actions/checkout").unwrap();
        let tag = checkout.tag.clone().unwrap();
        let major = tag.split('.').next().unwrap();
        assert_eq!(resolve(&format!("actions/checkout@{tag}")), Ok(checkout.clone()));
        assert_eq!(resolve(&format!("actions/checkout@{major}")), Ok(checkout.clone()));
        assert_eq!(resolve(&format!("actions/checkout@{}", checkout.commit)), Ok(checkout));
        assert_eq!(resolve("./.github/actions/setup").unwrap().reference(), "./.github/actions/setup");
        assert_eq!(resolve("github/codeql-action/upload-sarif@v4").unwrap().path, "github/codeql-action/upload-sarif");
    }

    #[test]
    fn a_version_that_nobody_pinned_is_refused_with_the_way_out() {
        assert!(resolve("actions/checkout@v0").unwrap_err().contains("pipewright knows v"));
        assert!(resolve("someone/else@v1").unwrap_err().contains("40 hexadecimal digits"));
        assert!(resolve("actions/checkout@main").is_err() && resolve("actions/checkout").is_err());
        assert!(resolve("actions/checkoutx@v7").is_err());
    }
}
