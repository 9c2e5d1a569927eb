//! Import: what a team has, as a spec, with an account of every key.

mod account;
mod actions;
mod again;
mod asked;
mod audit;
mod bad;
mod behaviour;
mod codebuild;
mod codepipeline;
mod command;
mod corpus;
mod github;
mod gitlab;
mod jenkins;
mod page;
mod round;
mod told;

use std::path::Path;

use pipewright::base::source::SourceMap;
use pipewright::front::{Imported, Vendor, import};

/// Imports texts of one vendor, each under its name.
fn imported(vendor: Vendor, files: &[(&str, &str)]) -> (SourceMap, Imported) {
    let sources = SourceMap::new();
    let ids: Vec<_> = files.iter().map(|(name, text)| sources.add(*name, *text)).collect();
    let imported = import(&sources, &ids, vendor, Path::new("."));
    (sources, imported)
}

/// A workflow with these lines inside of its one job.
fn job(inside: &str) -> String {
    format!("on: push\njobs:\n  unit:\n    runs-on: ubuntu-latest\n{inside}\n")
}

/// The spec of a workflow with these lines inside of its one job.
fn of_job(inside: &str) -> String {
    imported(Vendor::Github, &[("ci.yml", &job(inside))]).1.spec("sample", "main", &["github"])
}
