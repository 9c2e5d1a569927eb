//! Reads `targets/<vendor>/capabilities.kdl`: what a vendor holds of the language, and where its documentation says so.

use std::sync::OnceLock;

use crate::base::failure::Failure;
use crate::base::span::SourceId;
use crate::ir::environment::LicenceTier;
use crate::ir::id::TargetId;
use crate::syntax::parse;
use crate::syntax::tree::{Node, Value};
use crate::target::asset;
use crate::target::capability::Capability;

/// How a vendor holds a capability.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Support {
    /// The vendor has it.
    Native,
    /// Written in other means of the vendor, with the same meaning: how.
    Emulated(String),
    /// Something of the meaning is lost: what.
    Lossy(String),
    /// There is nothing to write: what to do instead.
    Absent(String),
}

impl Support {
    /// The word of the tables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Emulated(_) => "emulated",
            Self::Lossy(_) => "lossy",
            Self::Absent(_) => "absent",
        }
    }

    /// How, what is lost, or what to do instead; empty where the vendor has it.
    pub fn text(&self) -> &str {
        match self {
            Self::Native => "",
            Self::Emulated(text) | Self::Lossy(text) | Self::Absent(text) => text,
        }
    }
}

/// What one vendor says of one capability.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which.
    pub capability: Capability,
    /// What holds on every tier.
    pub support: Support,
    /// What holds from a tier on.
    pub tiers: Vec<(LicenceTier, Support)>,
    /// What holds above a figure.
    pub beyond: Option<(u64, Support)>,
    /// What a person sets up outside the files.
    pub setting: Option<String>,
    /// What is said whenever it is used: something is stricter, slower or later.
    pub note: Option<String>,
    /// Where the vendor says so.
    pub doc: String,
}

impl Row {
    /// What holds on a tier, for a figure (0 where nothing is counted).
    pub fn support(&self, tier: LicenceTier, figure: u64) -> &Support {
        if let Some((limit, support)) = &self.beyond
            && figure > *limit
        {
            return support;
        }
        self.tiers.iter().rev().find(|(from, _)| tier >= *from).map_or(&self.support, |(_, s)| s)
    }
}

/// The rows of one vendor, one for each capability in the order of [`Capability::ALL`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// The table of a vendor, read once in a run.
    ///
    /// # Errors
    /// `Internal` if the embedded file is not whole: a row is missing, unknown or doubled.
    pub fn of(target: TargetId) -> Result<&'static Self, Failure> {
        static READ: [OnceLock<Table>; TargetId::ALL.len()] = [const { OnceLock::new() }; TargetId::ALL.len()];
        let known = &READ[target as usize];
        if let Some(table) = known.get() {
            return Ok(table);
        }
        let path = format!("{}/capabilities.kdl", target.word());
        let text = asset::text(&path).ok_or_else(|| Failure::Internal(format!("targets/{path} is missing")))?;
        let table = Self::read(text).map_err(|e| Failure::Internal(format!("targets/{path}: {e}")))?;
        Ok(known.get_or_init(|| table))
    }

    /// The row of a capability.
    pub fn row(&self, capability: Capability) -> &Row {
        &self.rows[capability as usize]
    }

    /// All rows, in the order of the matrix.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    fn read(text: &str) -> Result<Self, String> {
        let (document, diagnostics) = parse::parse(SourceId(0), text);
        if let Some(first) = diagnostics.iter().next() {
            return Err(format!("{} at byte {}", first.message, first.span.start));
        }
        let mut base = "";
        let mut rows: Vec<Option<Row>> = vec![None; Capability::ALL.len()];
        for node in &document.nodes {
            if node.name() == "docs" {
                base = node.arg(0).and_then(|e| e.as_str()).unwrap_or_default();
                continue;
            }
            let capability = Capability::parse(node.name()).ok_or_else(|| format!("`{}` is no capability", node.name()))?;
            let row = row(capability, node, base)?;
            if rows[capability as usize].replace(row).is_some() {
                return Err(format!("`{capability}` has two rows"));
            }
        }
        let all = rows.into_iter().zip(Capability::ALL).map(|(row, c)| row.ok_or_else(|| format!("`{c}` has no row")));
        Ok(Self { rows: all.collect::<Result<_, _>>()? })
    }
}

fn row(capability: Capability, node: &Node<'_>, base: &str) -> Result<Row, String> {
    let wrong = |what: &str| format!("`{capability}`: {what}");
    let text = |name: &str| node.child(name).and_then(|c| c.arg(0)).and_then(|e| e.as_str()).map(str::to_owned);
    let mut tiers = Vec::new();
    for child in node.children() {
        match child.name() {
            "tier" => {
                let word = child.arg(0).and_then(|e| e.as_str()).and_then(LicenceTier::parse).ok_or_else(|| wrong("no tier"))?;
                tiers.push((word, support(child, 1).map_err(|e| wrong(&e))?));
            }
            "beyond" | "setting" | "note" | "doc" => {}
            other => return Err(wrong(&format!("`{other}` is no word of a row"))),
        }
    }
    let limit = match node.prop("limit").map(|e| &e.value) {
        Some(Value::Number(number)) => Some(number.parse::<u64>().map_err(|_| wrong("the limit is no whole number"))?),
        Some(_) => return Err(wrong("the limit is no number")),
        None => None,
    };
    let beyond = match (limit, node.child("beyond")) {
        (Some(limit), Some(child)) => Some((limit, support(child, 0).map_err(|e| wrong(&e))?)),
        (None, None) => None,
        _ => return Err(wrong("`limit` and `beyond` go together")),
    };
    let doc = text("doc").ok_or_else(|| wrong("no link to the documentation"))?;
    let doc = if doc.starts_with("https://") { doc } else { format!("{base}{doc}") };
    let support = support(node, 0).map_err(|e| wrong(&e))?;
    Ok(Row { capability, support, tiers, beyond, setting: text("setting"), note: text("note"), doc })
}

fn support(node: &Node<'_>, at: usize) -> Result<Support, String> {
    let word = node.arg(at).and_then(|e| e.as_str()).unwrap_or_default();
    let text = node.arg(at + 1).and_then(|e| e.as_str()).unwrap_or_default().to_owned();
    match (word, text.is_empty()) {
        ("native", true) => Ok(Support::Native),
        ("emulated", false) => Ok(Support::Emulated(text)),
        ("lossy", false) => Ok(Support::Lossy(text)),
        ("absent", false) => Ok(Support::Absent(text)),
        ("native", false) => Err("native needs no text".to_owned()),
        ("emulated" | "lossy" | "absent", true) => Err(format!("{word} needs a text")),
        _ => Err(format!("`{word}` is no support")),
    }
}

/// The page of the matrix, `lang-spec/targets.md`.
///
/// # Errors
/// As [`Table::of`].
pub fn matrix() -> Result<String, Failure> {
    let tables: Vec<(&str, &Table)> =
        TargetId::ALL.iter().map(|(word, id)| Table::of(*id).map(|t| (*word, t))).collect::<Result<_, _>>()?;
    let mut page = String::from(
        "# What each target holds\n\nGenerated from `targets/*/capabilities.kdl`; `UPDATE_SPEC=1 cargo test` writes it. The first column is the word of \
         `accept TARGET WORD reason=\"…\"`.\n\n*native*: the vendor has it. *emulated*: written in other means, same meaning. *lossy*, *absent*: an \
         error unless accepted by name.\nEach word links to the vendor's own page.\n\n",
    );
    let names: Vec<&str> = tables.iter().map(|(n, _)| *n).collect();
    page.push_str(&format!("| capability | what it is | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len())));
    for capability in Capability::ALL {
        let cells: Vec<String> = tables.iter().map(|(_, t)| cell(t.row(*capability))).collect();
        page.push_str(&format!("| `{capability}` | {} | {} |\n", capability.meaning(), cells.join(" | ")));
    }
    Ok(page)
}

fn cell(row: &Row) -> String {
    let say = |support: &Support| match support.text() {
        "" => String::new(),
        text => format!(": {text}"),
    };
    let mut text = format!("[{}]({}){}", row.support.word(), row.doc, say(&row.support));
    for (tier, support) in &row.tiers {
        text.push_str(&format!("; {} from {}{}", support.word(), tier.word(), say(support)));
    }
    if let Some((limit, support)) = &row.beyond {
        text.push_str(&format!("; above {limit} {}{}", support.word(), say(support)));
    }
    if let Some(setting) = &row.setting {
        text.push_str(&format!(" *(set up outside the files: {setting})*"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Support, Table};
    use crate::ir::environment::LicenceTier;
    use crate::ir::id::TargetId;
    use crate::target::capability::Capability;

    #[test]
    fn every_capability_has_one_row_on_every_target() {
        for (word, target) in TargetId::ALL {
            let table = Table::of(*target).unwrap_or_else(|e| panic!("{word}: {e}"));
            assert_eq!(table.rows().count(), Capability::ALL.len());
            for row in table.rows() {
                assert!(row.doc.starts_with("https://docs."), "{word} {}: {}", row.capability, row.doc);
            }
        }
    }

    #[test]
    fn a_tier_and_a_figure_decide() {
        let table = Table::of(TargetId::Gitlab).unwrap();
        let count = table.row(Capability::ApprovalCount);
        assert!(matches!(count.support(LicenceTier::Free, 0), Support::Lossy(_)));
        assert_eq!(count.support(LicenceTier::Premium, 0), &Support::Native);
        assert_eq!(count.support(LicenceTier::Ultimate, 0), &Support::Native);
        let needs = table.row(Capability::NeedsCount);
        assert_eq!(needs.support(LicenceTier::Free, 50), &Support::Native);
        assert!(matches!(needs.support(LicenceTier::Free, 51), Support::Absent(_)));
    }

    #[test]
    fn a_table_that_is_not_whole_is_refused() {
        for (text, expected) in [
            ("", "`push` has no row"),
            ("pusch native { doc \"x\" }", "`pusch` is no capability"),
            ("push native", "no link"),
            ("push maybe { doc \"x\" }", "`maybe` is no support"),
            ("push lossy { doc \"x\" }", "lossy needs a text"),
            ("push native limit=3 { doc \"x\" }", "go together"),
            ("push native { doc \"x\" }; push native { doc \"x\" }", "`push` has two rows"),
        ] {
            let error = Table::read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
