//! The report of an audit: repositories with how much of them would come over, constructs, and what is in use; as text or JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::args::AuditReport;
use crate::cli::report::clean;
use crate::front::Vendor;
use crate::front::inventory::Inventory;
use crate::front::ledger::Tally;

/// Most rows of a list in the text; JSON has all.
const ROWS: usize = 20;

/// The configuration of one vendor in a repository.
pub(in crate::cli) struct Repository {
    /// Where it lies.
    pub(in crate::cli) folder: String,
    /// Whose it is.
    pub(in crate::cli) vendor: Vendor,
    /// How many files.
    pub(in crate::cli) files: usize,
    /// What cannot be read, with its place.
    pub(in crate::cli) faults: Vec<String>,
    /// Files that stay as they are, with the reason.
    pub(in crate::cli) stays: Vec<String>,
    /// Its keys.
    pub(in crate::cli) tally: Tally,
    /// What it uses.
    pub(in crate::cli) inventory: Inventory,
}

/// The report.
pub(in crate::cli) fn text(found: &[Repository], form: AuditReport) -> String {
    match form {
        AuditReport::Text => clean::lines(&plain(found)),
        AuditReport::Json => format!("{:#}\n", document(found)),
    }
}

/// Percent of the keys that come over, in this way or another.
fn share(tally: &Tally) -> f64 {
    (tally.exact + tally.emulated) as f64 * 100.0 / tally.all().max(1) as f64
}

fn whole(found: &[Repository]) -> Inventory {
    let mut all = Inventory::default();
    found.iter().for_each(|r| all.add(&r.inventory));
    all
}

/// Constructs with what is not carried first.
fn constructs(all: &Inventory) -> Vec<(&String, &Tally)> {
    let mut rows: Vec<(&String, &Tally)> = all.constructs.iter().filter(|(_, t)| t.all() > 0).collect();
    rows.sort_by_key(|(name, t)| (std::cmp::Reverse(t.lost + t.kept + t.own), std::cmp::Reverse(t.all()), (*name).clone()));
    rows
}

fn plain(found: &[Repository]) -> String {
    let mut out = String::new();
    let wide = found.iter().map(|r| r.folder.chars().count()).max().unwrap_or(0).max(10);
    let _ = writeln!(
        out,
        "{:<wide$}  {:<12}  {:>5}  {:>6}  {:>7}  {:>7}  {:>6}  {:>6}  {:>6}",
        "repository", "vendor", "files", "keys", "carried", "another", "alone", "kept", "not"
    );
    let mut sum = Tally::default();
    for row in found {
        let t = &row.tally;
        sum.join(t);
        let _ = writeln!(
            out,
            "{:<wide$}  {:<12}  {:>5}  {:>6}  {:>7}  {:>7}  {:>6}  {:>6}  {:>6}  {:>5.1} %",
            row.folder,
            row.vendor.title(),
            row.files,
            t.all(),
            t.exact,
            t.emulated,
            t.own,
            t.kept,
            t.lost,
            share(t)
        );
        for fault in &row.faults {
            let _ = writeln!(out, "  cannot be read: {fault}");
        }
        for stays in &row.stays {
            let _ = writeln!(out, "  stays as it is: {stays}");
        }
    }
    let _ = writeln!(out, "{} keys, {:.1} % of them would come over", sum.all(), share(&sum));
    let all = whole(found);
    let rows = constructs(&all);
    let _ = writeln!(out, "\nconstructs, those with most that is not carried first:");
    for (name, t) in rows.iter().take(ROWS) {
        let _ =
            writeln!(out, "  {name:<28}  {:>6} keys  {:>6} not carried  {:>5.1} %", t.all(), t.lost + t.kept + t.own, share(t));
    }
    more(&mut out, rows.len());
    for (title, list) in [("actions", &all.actions), ("images", &all.images), ("runners", &all.runners)] {
        counted(&mut out, title, list);
    }
    for (title, list) in [("secrets", &all.secrets), ("variables", &all.variables), ("environments", &all.environments)] {
        named(&mut out, title, list);
    }
    out
}

fn more(out: &mut String, rows: usize) {
    if rows > ROWS {
        let _ = writeln!(out, "  and {} more: `--report json` has all", rows - ROWS);
    }
}

fn counted(out: &mut String, title: &str, list: &BTreeMap<String, usize>) {
    if list.is_empty() {
        return;
    }
    let mut rows: Vec<(&String, &usize)> = list.iter().collect();
    rows.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let _ = writeln!(out, "\n{title}: {}", rows.len());
    for (name, count) in rows.iter().take(ROWS) {
        let _ = writeln!(out, "  {count:>5}  {name}");
    }
    more(out, rows.len());
}

fn named(out: &mut String, title: &str, list: &BTreeSet<String>) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}: {}", list.len());
    for name in list.iter().take(ROWS) {
        let _ = writeln!(out, "  {name}");
    }
    more(out, list.len());
}

fn of_tally(t: &Tally) -> Value {
    json!({ "keys": t.all(), "exact": t.exact, "emulated": t.emulated, "own": t.own, "kept": t.kept, "lost": t.lost, "beside": t.beside })
}

fn of_inventory(all: &Inventory) -> Value {
    let constructs: BTreeMap<&String, Value> = all.constructs.iter().map(|(name, t)| (name, of_tally(t))).collect();
    json!({
        "constructs": constructs,
        "actions": all.actions,
        "images": all.images,
        "runners": all.runners,
        "secrets": all.secrets,
        "variables": all.variables,
        "environments": all.environments,
    })
}

fn document(found: &[Repository]) -> Value {
    let mut sum = Tally::default();
    found.iter().for_each(|r| sum.join(&r.tally));
    let repositories: Vec<Value> = found
        .iter()
        .map(|row| {
            json!({
                "repository": row.folder,
                "vendor": row.vendor.word(),
                "files": row.files,
                "counts": of_tally(&row.tally),
                "faults": row.faults,
                "stays": row.stays,
                "uses": of_inventory(&row.inventory),
            })
        })
        .collect();
    json!({
        "schema": "pipewright-audit-1",
        "counts": of_tally(&sum),
        "uses": of_inventory(&whole(found)),
        "repositories": repositories,
    })
}
