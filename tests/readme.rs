//! The README cannot lie: its commands are run, and what it says they print is what they print. (Its specs are compiled by `spec`.)

use std::fs;
use std::path::Path;

use crate::cli::{Place, Ran};
use crate::spec::root;

/// What a row of the table of commands leaves out, and how the command ends in a repository that is in step.
const ROWS: &[(&str, &[&str], i32)] = &[
    ("import", &["--from", "github", "--stdout"], 0),
    ("audit", &["."], 0),
    ("explain", &["deploy-from-fork"], 0),
    // Nothing is set, so there is something to say.
    ("doctor", &["github", "export.json"], 1),
    ("completions", &["bash"], 0),
];

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The blocks that a fence with this word opens.
fn blocks<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let fence = format!("```{word}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// A repository with the spec that the README opens with.
fn shop() -> Place {
    let text = readme();
    Place::new(&[("pipeline.kdl", blocks(&text, "kdl")[0]), ("package.json", "{}\n"), ("export.json", "{}\n")])
}

/// The words in backquotes of each row's first cell.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let table = text.split("## Commands").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = table.lines().filter(|l| l.starts_with("| `")).filter_map(|l| l.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|c| c.trim_start_matches("pipewright ").split(' ').collect())
        .collect()
}

#[test]
fn the_main_command_prints_what_it_writes() {
    let text = readme();
    let line = text.lines().find(|l| l.starts_with("cargo run -- ")).unwrap();
    let (words, out) = line.trim_start_matches("cargo run -- ").rsplit_once(' ').unwrap();
    let to = tempfile::tempdir().unwrap();
    let words: Vec<&str> = words.split(' ').chain([to.path().to_str().unwrap()]).collect();
    let here = Place::new(&[]);
    let ran = Ran::from(here.command("", &words).current_dir(root()).output().unwrap());
    assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""), "{line}");
    assert!(out.starts_with("target/"), "the README writes to {out}, which git does not ignore");
    let said: Vec<&str> = ran.out.lines().filter_map(|l| l.strip_prefix("wrote ")).collect();
    assert!(said.iter().any(|path| path.ends_with("/.gitlab-ci.yml")), "{}", ran.out);
    assert!(said.iter().all(|path| Path::new(path).exists()), "{}", ran.out);
}

#[test]
fn every_command_of_the_table_runs_and_every_command_is_in_it() {
    let text = readme();
    let rows = rows(&text);
    let place = shop();
    assert_eq!(place.run(&["build"]).code, Some(0));
    for row in &rows {
        // `init` is for a repository that has no spec.
        let new = Place::new(&[("package.json", "{}\n")]);
        let at = if row[0] == "init" { &new } else { &place };
        let (more, code) = ROWS.iter().find(|(word, ..)| *word == row[0]).map_or((&[][..], 0), |(_, more, code)| (*more, *code));
        // A word in capitals is the reader's to choose.
        let said = row.iter().filter(|w| !w.chars().all(|c| c.is_ascii_uppercase()));
        let words: Vec<&str> = said.chain(more).copied().collect();
        let ran = at.run(&words);
        assert_eq!(ran.code, Some(code), "{words:?}: {}{}", ran.out, ran.error);
    }
    let help = place.run(&["-h"]).out;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for line in commands.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   ")) {
        let word = line.split_whitespace().next().unwrap();
        assert!(rows.iter().any(|r| r[0] == word), "the README's table lacks `{word}`");
    }
}

#[test]
fn the_options_that_the_table_names_are_there() {
    let text = readme();
    let place = shop();
    let table = text.split("## Commands").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut seen = 0;
    for row in table.lines().filter(|l| l.starts_with("| `")) {
        let (command, said) = row.trim_start_matches("| `pipewright ").split_once('`').unwrap();
        let help = place.run(&[command.split(' ').next().unwrap(), "--help"]).out;
        for option in said.split('`').filter_map(|w| w.strip_prefix("--")) {
            let option = option.split(' ').next().unwrap();
            assert!(help.contains(&format!("--{option}")), "{command} has no --{option}");
            seen += 1;
        }
    }
    assert!(seen > 2);
}

#[test]
fn the_spec_becomes_as_many_lines_as_it_says() {
    let text = readme();
    let place = shop();
    assert_eq!(place.run(&["build"]).code, Some(0));
    let lines = |path: &str| fs::read_to_string(place.path().join(path)).unwrap().lines().count();
    let claim = format!(
        "These {} lines become {} of `.github/workflows/ci.yml` and {} of `standby/.gitlab-ci.yml`.",
        lines("pipeline.kdl"),
        lines(".github/workflows/ci.yml"),
        lines("standby/.gitlab-ci.yml")
    );
    assert!(text.contains(&claim), "{claim}");
    // The columns show the ends of both files, cut where a line is too long.
    let columns = blocks(&text, "yaml")[0];
    let width = columns.lines().next().unwrap().find("# GitLab").unwrap();
    for line in columns.lines().skip(1) {
        let at = line.char_indices().nth(width).map_or(line.len(), |(at, _)| at);
        for (part, file) in [(&line[..at], ".github/workflows/ci.yml"), (&line[at..], "standby/.gitlab-ci.yml")] {
            let part = part.trim().trim_end_matches('…');
            let emitted = fs::read_to_string(place.path().join(file)).unwrap();
            assert!(emitted.lines().any(|l| l.trim().starts_with(part)), "{file} has no line `{part}`");
        }
    }
}

#[test]
fn a_pull_request_of_a_fork_is_refused_in_the_words_it_shows() {
    let text = readme();
    let place = shop();
    let spec = blocks(&text, "kdl")[0].replace("only { push main }", "");
    place.put("pipeline.kdl", &spec);
    let ran = place.run(&["build"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    let shown = blocks(&text, "text")[0];
    let plain = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(plain(&ran.error).contains(plain(shown).trim_end()), "{}", ran.error);
    assert!(!place.path().join("standby/.gitlab-ci.yml").exists());
}

#[test]
fn an_edited_line_is_shown_with_the_command_that_mends_it() {
    let text = readme();
    let place = shop();
    assert_eq!(place.run(&["build"]).code, Some(0));
    let silent = place.run(&["build", "--check"]);
    assert_eq!((silent.code, silent.out.as_str(), silent.error.as_str()), (Some(0), "", ""));
    let file = place.path().join("standby/.gitlab-ci.yml");
    edit(&file, "- npm test", "- npm tset");
    let ran = place.run(&["build", "--check"]);
    assert_eq!(ran.code, Some(1));
    let shown = blocks(&text, "text").into_iter().find(|b| b.contains("differs from the spec")).unwrap();
    assert_eq!(format!("{}{}", ran.out, ran.error).trim_end(), shown.trim_end());
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}
