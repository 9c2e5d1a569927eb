//! Findings and drift, printed in the format that the user wants.

pub(super) mod account;
pub(super) mod audit;
pub(super) mod clean;
mod full;
mod github;
mod json;
mod place;
mod sarif;

use crate::base::diag::{Diagnostic, Severity};
use crate::base::failure::Exit;
use crate::base::source::SourceMap;
use crate::cli::args::{Format, Global};
use crate::cli::console::{Console, Stream};
use crate::cli::report::place::Place;
use crate::cli::specs;
use crate::drift::outputs::Site;
use crate::drift::{Drift, Kind};

/// Findings that one spec shows as text; the rest is counted. More than this is one mistake with many echoes.
const SHOWN: usize = 100;

/// What one run of a command says.
pub(super) struct Report<'a> {
    console: &'a Console,
    format: Format,
    /// Where findings go as text; machines always read the standard output.
    stream: Stream,
    level: i8,
    /// Rows of a format that is one document.
    rows: Vec<serde_json::Value>,
    /// Rows of drift, in `json`.
    drifted: Vec<serde_json::Value>,
    counts: [usize; 3],
    out_of_step: usize,
}

impl<'a> Report<'a> {
    /// A report; `stream` is where a person reads the findings.
    pub(super) fn new(global: &Global, console: &'a Console, stream: Stream) -> Self {
        let level = if global.quiet { -1 } else { global.verbose.min(9) as i8 };
        Self {
            console,
            format: global.format,
            stream,
            level,
            rows: Vec::new(),
            drifted: Vec::new(),
            counts: [0; 3],
            out_of_step: 0,
        }
    }

    /// Says what was done; not for machines.
    pub(super) fn say(&self, text: &str) {
        if self.level >= 0 && self.is_text() {
            self.console.out(&clean::lines(text));
        }
    }

    /// Says something that only the curious want to know.
    pub(super) fn verbose(&self, text: &str) {
        if self.level > 0 {
            self.console.error(&clean::lines(text));
        }
    }

    /// Adds the findings of one spec.
    pub(super) fn add(&mut self, sources: &SourceMap, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            self.counts[diagnostic.severity as usize] += 1;
        }
        let wanted = |d: &&Diagnostic| self.level >= 0 || d.severity == Severity::Error;
        match self.format {
            Format::Full | Format::Concise => {
                let mut shown: Vec<&Diagnostic> = diagnostics.iter().filter(wanted).collect();
                if shown.len() > SHOWN {
                    // A stable sort: errors first, each weight in the order of the text.
                    shown.sort_by_key(|d| d.severity);
                }
                let left = shown.len().saturating_sub(SHOWN);
                shown.truncate(SHOWN);
                let mut text = if self.format == Format::Full {
                    full::render(sources, &shown, self.console.colors(self.stream))
                } else {
                    shown.iter().map(|d| concise(sources, d)).collect()
                };
                if left > 0 {
                    text.push_str(&format!("... and {left} more findings, not shown\n"));
                }
                self.console.quote(self.stream, &text);
            }
            Format::Github => {
                let text: String = diagnostics.iter().filter(wanted).map(|d| github::annotation(sources, d)).collect();
                self.console.print(Stream::Out, &text);
            }
            Format::Json => self.rows.extend(diagnostics.iter().map(|d| json::row(sources, d))),
            Format::Sarif => sarif::rows(sources, diagnostics, &mut self.rows),
            Format::Gitlab => json::quality_rows(sources, diagnostics, &mut self.rows),
        }
    }

    /// Adds what is not in step. `command` mends it; `bare` prints the diff alone.
    pub(super) fn drift(&mut self, site: &Site<'_>, drift: &[Drift], command: &str, bare: bool) {
        self.out_of_step += drift.len();
        let path = |d: &Drift| {
            let path = site.root.join(&d.path);
            let of_repository = if self.format.is_of_repository() { specs::in_repository(&path) } else { None };
            of_repository.unwrap_or_else(|| specs::as_written(&path))
        };
        let mut foreign = false;
        for d in drift {
            let way_out = match d.kind {
                Kind::Foreign => "move it away, or delete it if the spec says all that it does".to_owned(),
                Kind::Missing | Kind::Changed | Kind::LineEndings | Kind::Orphan => format!("run `{command}`"),
            };
            let what = d.note.as_deref().unwrap_or(d.kind.text());
            let message = clean::line(&format!("{} {what}", path(d)));
            foreign |= d.kind == Kind::Foreign;
            match self.format {
                Format::Full | Format::Concise if bare => {
                    if d.diff.is_empty() {
                        self.console.error(&format!("{message}\n"));
                    }
                    self.console.quote(Stream::Out, &clean::lines(&d.diff));
                }
                Format::Full => self.console.quote(Stream::Out, &format!("{message}\n{}", clean::lines(&d.diff))),
                Format::Concise => self.console.quote(Stream::Out, &format!("{message}: {way_out}\n")),
                Format::Github => {
                    self.console.print(Stream::Out, &github::drift(&path(d), &format!("{what}: {way_out}")));
                    self.console.quote(Stream::Out, &clean::lines(&d.diff));
                }
                Format::Json => self.drifted.push(json::drift_row(d, &path(d), what, &way_out)),
                Format::Sarif => self.rows.push(sarif::drift_row(d, &path(d), &format!("{message}: {way_out}"))),
                Format::Gitlab => self.rows.push(json::quality_drift_row(d, &path(d), &format!("{message}: {way_out}"))),
            }
        }
        if self.format == Format::Full && !drift.is_empty() {
            let text =
                if foreign { "move away what pipewright did not write, then run" } else { "to bring the files in step, run" };
            self.console.error(&format!("{text} `{}`\n", clean::line(command)));
        }
    }

    /// Ends the report: prints the document of a machine format, or the sum.
    pub(super) fn finish(self) -> Exit {
        match self.format {
            Format::Json => self.console.out(&json::document(&self.rows, &self.drifted, self.counts)),
            Format::Sarif => self.console.out(&sarif::document(&self.rows)),
            Format::Gitlab => self.console.out(&format!("{}\n", serde_json::Value::Array(self.rows.clone()))),
            Format::Full | Format::Concise | Format::Github => {
                let sum = sum(self.counts);
                if !sum.is_empty() && self.level >= 0 {
                    self.console.print(self.stream, &format!("{sum}\n"));
                }
            }
        }
        if self.counts[Severity::Error as usize] + self.out_of_step > 0 { Exit::Findings } else { Exit::Clean }
    }

    fn is_text(&self) -> bool {
        matches!(self.format, Format::Full | Format::Concise)
    }
}

/// `2 errors, 1 warning`; empty when there is nothing.
fn sum(counts: [usize; 3]) -> String {
    let words = [Severity::Error, Severity::Warning, Severity::Note].map(place::word);
    let parts: Vec<_> = counts
        .iter()
        .zip(words)
        .filter(|(n, _)| **n > 0)
        .map(|(n, w)| format!("{n} {w}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    parts.join(", ")
}

fn concise(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let at = Place::of(sources, diagnostic.span);
    let Diagnostic { rule, severity, message, .. } = diagnostic;
    clean::line(&format!("{}:{}:{}: {}[{rule}]: {message}", at.file, at.line, at.column, place::word(*severity))) + "\n"
}
