//! `pipewright targets`: what each target can hold.

use crate::base::diag::did_you_mean;
use crate::base::failure::{Exit, Failure};
use crate::cli::console::Console;
use crate::ir::id::TargetId;
use crate::target::capability::Capability;
use crate::target::table::{Row, Support, Table};

/// Prints the matrix; for the word of a target, what it does not hold as it is; for a capability, what each target says of it.
///
/// # Errors
/// `Usage` for a word that is neither; `Internal` when a table is not whole.
pub(super) fn run(word: Option<&str>, console: &Console) -> Result<Exit, Failure> {
    let tables = TargetId::ALL.iter().map(|(name, id)| Ok((*name, Table::of(*id)?))).collect::<Result<Vec<_>, Failure>>()?;
    let text = match word {
        None => matrix(&tables),
        Some(word) => {
            if let Some((_, table)) = tables.iter().find(|(name, _)| *name == word) {
                let rows =
                    table.rows().filter(|row| row.support != Support::Native || !row.tiers.is_empty() || row.beyond.is_some());
                rows.map(|row| said(row.capability.name(), row)).collect()
            } else if let Some(capability) = Capability::parse(word) {
                let rows: String = tables.iter().map(|(name, table)| said(name, table.row(capability))).collect();
                format!("{}\n\n{rows}", capability.meaning())
            } else {
                let known = tables.iter().map(|(name, _)| *name).chain(Capability::ALL.iter().map(|c| c.name()));
                let near = did_you_mean(word, known).map(|near| format!(", did you mean `{near}`")).unwrap_or_default();
                return Err(Failure::Usage(format!(
                    "`{word}` is neither a target nor a capability{near}; `pipewright targets` lists them"
                )));
            }
        }
    };
    console.out(&text);
    Ok(Exit::Clean)
}

/// One line a capability, one column a target.
fn matrix(tables: &[(&str, Table)]) -> String {
    let width = Capability::ALL.iter().map(|c| c.name().len()).max().unwrap_or_default();
    let mut text = format!("{:width$}", "");
    for (name, _) in tables {
        text.push_str(&format!("  {name:<12}"));
    }
    text = text.trim_end().to_owned() + "\n";
    for capability in Capability::ALL {
        let mut line = format!("{:width$}", capability.name());
        for (_, table) in tables {
            let row = table.row(*capability);
            let more = if row.tiers.is_empty() && row.beyond.is_none() { "" } else { " *" };
            line.push_str(&format!("  {:<12}", format!("{}{more}", row.support.word())));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text + "\n* more by tier or figure: `pipewright targets CAPABILITY`\n"
}

/// What one row says, in full.
fn said(name: &str, row: &Row) -> String {
    let support = |s: &Support| match s.text() {
        "" => s.word().to_owned(),
        text => format!("{}: {text}", s.word()),
    };
    let mut text = format!("{name}: {}\n", support(&row.support));
    for (tier, better) in &row.tiers {
        text.push_str(&format!("    from {} on: {}\n", tier.word(), support(better)));
    }
    if let Some((limit, beyond)) = &row.beyond {
        text.push_str(&format!("    above {limit}: {}\n", support(beyond)));
    }
    if let Some(setting) = &row.setting {
        text.push_str(&format!("    set up outside the files: {setting}\n"));
    }
    if let Some(note) = &row.note {
        text.push_str(&format!("    note: {note}\n"));
    }
    text + &format!("    {}\n", row.doc)
}
