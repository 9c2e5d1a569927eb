//! `pipewright targets`: what each target can hold.

use crate::base::diag::did_you_mean;
use crate::base::failure::{Exit, Failure};
use crate::cli::console::Console;
use crate::ir::id::TargetId;
use crate::plan::legalize;
use crate::target::capability::Capability;
use crate::target::table::{Row, Support, Table};

/// Prints the matrix; for the word of a target, what it does not hold as it is; for a capability, what each target says of it.
///
/// # Errors
/// `Usage` for a word that is neither; `Internal` when a table is not whole.
pub(super) fn run(word: Option<&str>, console: &Console) -> Result<Exit, Failure> {
    let tables = tables()?;
    let text = match word {
        None => matrix(&tables),
        Some(word) => {
            if let Some((_, table)) = tables.iter().find(|(name, _)| *name == word) {
                let rows =
                    table.rows().filter(|row| row.support != Support::Native || !row.tiers.is_empty() || row.beyond.is_some());
                rows.map(|row| said(row.capability.name(), row)).collect()
            } else if let Some(capability) = Capability::parse(word) {
                page(capability, &tables)
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

/// The table of each target, with the target's word.
///
/// # Errors
/// `Internal` when a table is not whole.
pub(super) fn tables() -> Result<Vec<(&'static str, &'static Table)>, Failure> {
    TargetId::ALL.iter().map(|(name, id)| Ok((*name, Table::of(*id)?))).collect()
}

/// What each target says of a capability, and what a spec can say where one of them does not hold it.
pub(super) fn page(capability: Capability, tables: &[(&str, &Table)]) -> String {
    let mut text = format!("# {capability}\n\n{}\n\n", capability.meaning());
    text.extend(tables.iter().map(|(name, table)| said(name, table.row(capability))));
    let losses = |row: &Row| -> Vec<Support> {
        let tiers = row.tiers.iter().map(|(_, s)| s);
        let all = tiers.chain(row.beyond.iter().map(|(_, s)| s)).chain([&row.support]);
        all.filter(|s| matches!(s, Support::Lossy(_) | Support::Absent(_))).cloned().collect()
    };
    let suffering: Vec<(&str, Vec<Support>)> =
        tables.iter().map(|(name, t)| (*name, losses(t.row(capability)))).filter(|(_, losses)| !losses.is_empty()).collect();
    let taken = |losses: &[Support]| losses.iter().any(|s| !legalize::is_never_accepted(capability, s));
    let lacking: Vec<&str> = suffering.iter().filter(|(_, losses)| taken(losses)).map(|(name, _)| *name).collect();
    if suffering.is_empty() {
        return text;
    }
    if lacking.is_empty() {
        return text + "\nNo spec can accept this loss: a run would go further than the spec allows.\n";
    }
    text.push_str(
        "\nWhere it is lossy or absent, `check` refuses its use (rules `lossy` and `not-expressible`), unless the spec says\n",
    );
    for name in lacking {
        text.push_str(&format!("\n    accept {name} {capability} reason=\"…\" until=\"YYYY-MM-DD\"\n"));
    }
    text
}

/// One line a capability, one column a target.
fn matrix(tables: &[(&str, &Table)]) -> String {
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
