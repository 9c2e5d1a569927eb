//! Each `examples/trap-*` is a difference between vendors that a plain translation loses. Its README quotes the lines of the output that keep
//! it: every quote must stand in the golden file it names, so that golden files cannot be written anew without the trap's point.

use std::fs;
use std::path::Path;

/// The lines of a quote, and the file they are from.
struct Quote {
    line: usize,
    file: String,
    lines: Vec<String>,
}

/// The blocks of a README whose fence names a file: ```` ```yaml .gitlab-ci.yml ````.
fn quotes(readme: &str) -> Vec<Quote> {
    let mut found = Vec::new();
    let mut lines = readme.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body = lines.by_ref().map(|(_, l)| l.to_owned()).take_while(|l| l != "```").collect();
        let file = info.split_once(' ').map(|(_, file)| file.trim().to_owned()).unwrap_or_default();
        found.push(Quote { line: number + 1, file, lines: body });
    }
    found
}

/// Whether the lines stand in the text one below the other, exactly as they are.
fn holds(text: &str, quote: &[String]) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    !quote.is_empty() && lines.windows(quote.len()).any(|w| w == quote)
}

#[test]
fn golden_files_hold_what_the_traps_quote() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(root.join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("trap-") {
            continue;
        }
        count += 1;
        let quotes = quotes(&fs::read_to_string(folder.join("README.md")).unwrap_or_default());
        for target in [".github/", ".gitlab-ci.yml"] {
            if !quotes.iter().any(|q| q.file.trim_start_matches("standby/").starts_with(target)) {
                wrong.push(format!("examples/{name}/README.md quotes nothing of {target}"));
            }
        }
        for quote in quotes {
            let golden = fs::read_to_string(root.join("golden").join(&name).join(&quote.file)).unwrap_or_default();
            if !holds(&golden, &quote.lines) {
                wrong.push(format!("examples/{name}/README.md:{}: golden/{name}/{} does not hold this", quote.line, quote.file));
            }
        }
    }
    assert!(count >= 15, "only {count} traps were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_quote_that_is_gone_is_noticed() {
    let found = quotes("Text.\n\n```yaml a.yml\n  b: c\n    d\n```\n");
    let quote = &found[0];
    assert_eq!((quote.line, quote.file.as_str()), (3, "a.yml"));
    assert!(holds("a:\n  b: c\n    d\ne", &quote.lines));
    assert!(!holds("a:\n  b: c\n    e\n    d\n", &quote.lines), "a line stands between");
    assert!(!holds("  b: c\n  d\n", &quote.lines), "another indentation is another meaning");
    assert!(!holds("", &[]), "an empty quote says nothing");
}
