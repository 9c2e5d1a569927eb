//! `pipewright explain`: the page of a rule.

use crate::base::diag::did_you_mean;
use crate::base::failure::{Exit, Failure};
use crate::cli::console::Console;

/// Name of a rule and text of its page, sorted by name; from `lang-spec/rules/`.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Runs the command: one page, or the list of rules.
///
/// # Errors
/// `Usage` for a name that no rule has.
pub(super) fn run(rule: Option<&str>, console: &Console) -> Result<Exit, Failure> {
    let Some(rule) = rule else {
        let width = PAGES.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, page) in PAGES {
            console.out(&format!("{name:width$}  {}\n", summary(page)));
        }
        return Ok(Exit::Clean);
    };
    if let Some((_, page)) = PAGES.iter().find(|(name, _)| *name == rule) {
        console.out(page);
        return Ok(Exit::Clean);
    }
    let near = did_you_mean(rule, PAGES.iter().map(|(name, _)| *name))
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Err(Failure::Usage(format!("no rule is called `{rule}`{near}; `pipewright explain` lists them")))
}

/// The first line of text below the title.
fn summary(page: &str) -> &str {
    page.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}
