//! The checklist of the source documents (`examples/coverage.tsv`): each line of it is carried by a line of an output, refused by a rule
//! where the document is wrong, or said to be documentation. `examples/COVERAGE.md` shows it with the lines as they are.
//!
//! `UPDATE_SPEC=1 cargo test coverage` writes the page anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The documents: the folder of the example, and how many things the document asks.
const DOCUMENTS: [(&str, usize); 5] =
    [("ecommerce-cart", 71), ("cloud-platform", 54), ("commerce-platform", 40), ("orders-api", 30), ("gitflow", 19)];

/// One line of the table.
struct Row<'a> {
    id: &'a str,
    asked: &'a str,
    construct: &'a str,
    file: &'a str,
    text: &'a str,
}

fn rows(table: &str) -> Vec<Row<'_>> {
    let lines = table.lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [id, asked, construct, file, text] => Row { id, asked, construct, file, text },
            _ => panic!("not five cells: {line}"),
        })
        .collect()
}

/// Where the text of a row stands: `file:line`, or why it does not.
fn place(root: &Path, row: &Row) -> Result<String, String> {
    let text = fs::read_to_string(root.join(row.file)).map_err(|e| format!("{}: {}: {e}", row.id, row.file))?;
    match text.lines().position(|l| !row.text.is_empty() && l.contains(row.text)) {
        Some(line) => Ok(format!("[{}:{}](../{}#L{})", row.file, line + 1, row.file, line + 1)),
        None => Err(format!("{}: no line of {} holds `{}`", row.id, row.file, row.text)),
    }
}

fn page(root: &Path, table: &str) -> Result<String, Vec<String>> {
    let rows = rows(table);
    let mut wrong = Vec::new();
    let mut page = String::from(
        "# What the source documents ask, and the lines that carry it\n\n\
         Each of the five documents is an example here. This page is written from `coverage.tsv` by a test, which fails where a line is gone.\n\
         A mistake of a document is never mended in silence: a spec under `defects/` repeats it, and a rule refuses it.\n",
    );
    let mut known = BTreeSet::new();
    for (document, (example, count)) in DOCUMENTS.iter().enumerate() {
        let _ = write!(page, "\n## {example}\n\n| id | asked | construct | carried by |\n|---|---|---|---|\n");
        for id in (1..=*count).map(|n| format!("S{document}-{n:02}")) {
            let of_id: Vec<_> = rows.iter().filter(|r| r.id == id).collect();
            if of_id.is_empty() {
                wrong.push(format!("{id} has no line"));
            }
            for row in of_id {
                let carried = match row.file {
                    "-" if row.text.len() > 5 => format!("documentation only: {}", row.text),
                    "-" => {
                        wrong.push(format!("{id}: no reason why it is documentation only"));
                        continue;
                    }
                    _ => place(root, row).unwrap_or_else(|e| {
                        wrong.push(e);
                        String::new()
                    }),
                };
                let _ = writeln!(page, "| {} | {} | {} | {carried} |", row.id, row.asked, row.construct);
            }
            known.insert(id);
        }
    }
    wrong.extend(rows.iter().filter(|r| !known.contains(r.id)).map(|r| format!("{}: no document asks it", r.id)));
    if wrong.is_empty() { Ok(page) } else { Err(wrong) }
}

#[test]
fn each_line_of_the_checklist_is_carried_by_a_line_of_an_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("examples/coverage.tsv")).unwrap();
    let page = page(root, &table).unwrap_or_else(|wrong| panic!("{}", wrong.join("\n")));
    let path = root.join("examples/COVERAGE.md");
    if std::env::var_os("UPDATE_SPEC").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "examples/COVERAGE.md is not what the table says: UPDATE_SPEC=1 cargo test coverage");
}

#[test]
fn a_line_that_is_gone_and_an_id_without_a_line_are_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = "S4-01\tFlow\ton push\tREADME.md\tno such line in it\nS9-01\tNothing\t-\t-\tno such document\n";
    let wrong = page(root, table).unwrap_err().join("\n");
    assert!(wrong.contains("S4-01: no line of README.md holds `no such line in it`"), "{wrong}");
    assert!(wrong.contains("S4-02 has no line") && wrong.contains("S9-01: no document asks it"), "{wrong}");
}
