//! The account of an import: what became of every key, as text, JSON, SARIF or Markdown.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::cli::args::ImportReport;
use crate::cli::report::clean;
use crate::cli::report::sarif;
use crate::front::ledger::{Fate, Key, Ledger, Tally};
use crate::front::{Imported, Vendor, place};

/// The report.
pub(in crate::cli) fn text(sources: &SourceMap, imported: &Imported, form: ImportReport, vendor: Vendor, all: bool) -> String {
    match form {
        ImportReport::Text => plain(sources, imported, vendor, all),
        ImportReport::Json => format!("{:#}\n", document(sources, imported)),
        ImportReport::Sarif => sarif_document(sources, imported),
        ImportReport::Markdown => markdown(sources, imported, vendor),
    }
}

/// The word of a fate, as programs read it.
fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Exact => "exact",
        Fate::Emulated(_) => "emulated",
        Fate::Own(_) => "own",
        Fate::Kept(_) => "kept",
        Fate::Lost(_) => "lost",
        Fate::Beside(_) => "beside",
    }
}

fn reason(fate: &Fate) -> &str {
    match fate {
        Fate::Exact => "",
        Fate::Emulated(text) | Fate::Own(text) | Fate::Kept(text) | Fate::Lost(text) | Fate::Beside(text) => text,
    }
}

/// The keys of a file that are told one by one. A key whose parent is told with the same words is not.
fn told<'i>(imported: &'i Imported, file: SourceId, wanted: &str) -> Vec<(&'i Key, Fate)> {
    let mut found: Vec<(&Key, Fate)> = Vec::new();
    for key in imported.ledger.keys().iter().filter(|k| k.span.source == file) {
        let fate = key.fate();
        let above =
            found.iter().rev().find(|(k, _)| key.path.starts_with(&k.path) && key.path[k.path.len()..].starts_with(['.', '[']));
        if word(&fate) == wanted && above.is_none_or(|(_, f)| *f != fate) {
            found.push((key, fate));
        }
    }
    found
}

fn sum(tally: Tally, vendor: Vendor) -> String {
    let beside = if tally.beside > 0 { format!("; {} beside them are no pipeline's", tally.beside) } else { String::new() };
    format!(
        "{} keys: {} carried, {} in another way, {} for {} alone, {} kept in its words, {} not carried{beside}",
        tally.all(),
        tally.exact,
        tally.emulated,
        tally.own,
        vendor.title(),
        tally.kept,
        tally.lost
    )
}

/// What is said of keys that only their vendor has: those that the spec says, and those that stand in it as they were.
fn alone(vendor: Vendor) -> [String; 2] {
    [format!("for {} alone", vendor.title()), format!("kept in the words of {}", vendor.title())]
}

fn of_file(imported: &Imported, file: SourceId) -> Tally {
    Ledger::tally(imported.ledger.keys().iter().filter(|k| k.span.source == file))
}

fn plain(sources: &SourceMap, imported: &Imported, vendor: Vendor, all: bool) -> String {
    let mut out = String::new();
    for (id, file) in sources.iter() {
        let _ = writeln!(out, "{}: {}", file.name, sum(of_file(imported, id), vendor));
        for fault in imported.faults.iter().filter(|f| f.span.source == id) {
            let (_, line, column) = place(sources, fault.span);
            let what = if fault.fatal { "cannot be read" } else { "odd" };
            let _ = writeln!(out, "  {line}:{column} {what}: {}; {}", fault.message, fault.help);
        }
        for remark in imported.remarks.iter().filter(|r| r.file == id) {
            let _ = writeln!(out, "  note: {}", remark.text);
        }
        if let Some(stays) = imported.stays.iter().find(|s| s.file == id) {
            let _ = writeln!(out, "  stays as it is: {}", stays.why);
            continue;
        }
        let mut secure = imported.security.iter().filter(|s| s.span.source == id).peekable();
        if secure.peek().is_some() {
            let _ = writeln!(out, "  security:");
        }
        for row in secure {
            let (_, line, column) = place(sources, row.span);
            let _ = writeln!(out, "    {line}:{column} {}: {}; now {}", row.property.title(), row.was, row.now);
        }
        let [own, kept] = alone(vendor);
        let parts = [
            ("lost", "not carried", true),
            ("kept", &kept, true),
            ("own", &own, true),
            ("emulated", "carried in another way", all),
        ];
        for (fate, heading, _) in parts.into_iter().filter(|(.., shown)| *shown) {
            let keys = told(imported, id, fate);
            if !keys.is_empty() {
                let _ = writeln!(out, "  {heading}:");
            }
            for (key, fate) in keys {
                let (_, line, column) = place(sources, key.span);
                let _ = writeln!(out, "    {line}:{column} {}: {}", key.path, reason(&fate));
            }
        }
    }
    let _ = writeln!(out, "{}", sum(Ledger::tally(imported.ledger.keys()), vendor));
    clean::lines(&out)
}

fn document(sources: &SourceMap, imported: &Imported) -> Value {
    let tally = |t: Tally| json!({ "keys": t.all(), "exact": t.exact, "emulated": t.emulated, "own": t.own, "kept": t.kept, "lost": t.lost, "beside": t.beside });
    let files: Vec<Value> = sources
        .iter()
        .map(|(id, file)| {
            let faults: Vec<Value> = imported
                .faults
                .iter()
                .filter(|f| f.span.source == id)
                .map(|f| {
                    let (_, line, column) = place(sources, f.span);
                    json!({ "line": line, "column": column, "message": f.message, "help": f.help, "fatal": f.fatal })
                })
                .collect();
            let stays = imported.stays.iter().find(|s| s.file == id).map(|s| s.why.as_str());
            let notes: Vec<&str> = imported.remarks.iter().filter(|r| r.file == id).map(|r| r.text.as_str()).collect();
            json!({ "file": file.name, "counts": tally(of_file(imported, id)), "faults": faults, "stays": stays, "notes": notes })
        })
        .collect();
    let keys: Vec<Value> = imported
        .ledger
        .keys()
        .iter()
        .map(|key| {
            let (file, line, column) = place(sources, key.span);
            let fate = key.fate();
            json!({ "file": file, "line": line, "column": column, "key": key.path, "fate": word(&fate), "reason": reason(&fate) })
        })
        .collect();
    let security: Vec<Value> = imported
        .security
        .iter()
        .map(|row| {
            let (file, line, column) = place(sources, row.span);
            json!({ "file": file, "line": line, "column": column, "property": row.property.title(), "was": row.was, "now": row.now })
        })
        .collect();
    let counts = tally(Ledger::tally(imported.ledger.keys()));
    json!({ "schema": "pipewright-import-1", "counts": counts, "files": files, "keys": keys, "security": security })
}

fn sarif_document(sources: &SourceMap, imported: &Imported) -> String {
    let row = |rule: &str, level: &str, message: String, span: Span| {
        json!({
            "ruleId": rule,
            "level": level,
            "message": { "text": message },
            "locations": [sarif::location(sources, span, None)],
        })
    };
    let mut rows: Vec<Value> = Vec::new();
    for fault in &imported.faults {
        let level = if fault.fatal { "error" } else { "warning" };
        rows.push(row("import-unreadable", level, format!("{}; {}", fault.message, fault.help), fault.span));
    }
    for key in imported.ledger.keys() {
        let fate = key.fate();
        let (rule, level) = match fate {
            Fate::Exact | Fate::Beside(_) => continue,
            Fate::Emulated(_) => ("import-emulated", "none"),
            Fate::Own(_) => ("import-own", "note"),
            Fate::Kept(_) => ("import-kept", "note"),
            Fate::Lost(_) => ("import-not-carried", "warning"),
        };
        rows.push(row(rule, level, format!("`{}`: {}", key.path, reason(&fate)), key.span));
    }
    sarif::document(&rows)
}

fn markdown(sources: &SourceMap, imported: &Imported, vendor: Vendor) -> String {
    let mut out = String::from("## What became of the configuration\n\n");
    let _ = writeln!(
        out,
        "| file | keys | carried | in another way | for {} alone | kept in its words | not carried |",
        vendor.title()
    );
    let _ = writeln!(out, "|---|---:|---:|---:|---:|---:|---:|");
    let mut rows: Vec<(String, Tally)> = sources.iter().map(|(id, f)| (f.name.clone(), of_file(imported, id))).collect();
    rows.push(("**all**".to_owned(), Ledger::tally(imported.ledger.keys())));
    for (name, t) in rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            cell(&name),
            t.all(),
            t.exact,
            t.emulated,
            t.own,
            t.kept,
            t.lost
        );
    }
    for remark in &imported.remarks {
        let _ = writeln!(out, "\n**{}**: {}", cell(&sources.file(remark.file).name), cell(&remark.text));
    }
    let [own, kept] = alone(vendor);
    for (heading, fate) in [("not carried", "lost"), (&*kept, "kept"), (&*own, "own")] {
        let mut lines = Vec::new();
        for (id, file) in sources.iter() {
            for (key, fate) in told(imported, id, fate) {
                let (_, line, _) = place(sources, key.span);
                lines.push(format!("| {}:{line} | `{}` | {} |", cell(&file.name), cell(&key.path), cell(reason(&fate))));
            }
        }
        if !lines.is_empty() {
            let _ = writeln!(out, "\n### Keys {heading}\n\n| where | key | why |\n|---|---|---|\n{}", lines.join("\n"));
        }
    }
    if !imported.security.is_empty() {
        let _ = writeln!(out, "\n### Security\n\n| where | property | was | is |\n|---|---|---|---|");
    }
    for row in &imported.security {
        let (file, line, _) = place(sources, row.span);
        let (was, now) = (cell(&row.was), cell(&row.now));
        let _ = writeln!(out, "| {}:{line} | {} | {was} | {now} |", cell(&file), row.property.title());
    }
    out
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    clean::line(text).replace('|', "\\|")
}
