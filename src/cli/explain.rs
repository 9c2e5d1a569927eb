//! `pipewright explain`: the page of a rule, or what the targets say of a capability.

use crate::base::diag::did_you_mean;
use crate::base::failure::{Exit, Failure};
use crate::cli::console::Console;
use crate::cli::targets;
use crate::target::capability::Capability;

/// Name of a rule and text of its page, sorted by name; from `lang-spec/rules/`.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Runs the command: one page, one capability, or the list of rules.
///
/// # Errors
/// `Usage` for a name that neither a rule nor a capability has; `Internal` when a target's table is not whole.
pub(super) fn run(name: Option<&str>, console: &Console) -> Result<Exit, Failure> {
    let Some(name) = name else {
        let width = PAGES.iter().map(|(rule, _)| rule.len()).max().unwrap_or_default();
        for (rule, page) in PAGES {
            console.out(&format!("{rule:width$}  {}\n", summary(page)));
        }
        console.out("\nWhat each target can hold has names too: `pipewright targets` lists them.\n");
        return Ok(Exit::Clean);
    };
    if let Some((_, page)) = PAGES.iter().find(|(rule, _)| *rule == name) {
        console.out(page);
        return Ok(Exit::Clean);
    }
    if let Some(capability) = Capability::parse(name) {
        console.out(&targets::page(capability, &targets::tables()?));
        return Ok(Exit::Clean);
    }
    let known = PAGES.iter().map(|(rule, _)| *rule).chain(Capability::ALL.iter().map(|c| c.name()));
    let near = did_you_mean(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(Failure::Usage(format!("no rule is called `{name}`{near}; `pipewright explain` lists them")))
}

/// The first line of text below the title.
fn summary(page: &str) -> &str {
    page.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}
