//! Configuration of a vendor to a spec: what a team has, moved.
//!
//! Invariant: nothing is dropped in silence. The reader enters every key of the input into a [`ledger::Ledger`]; a converter says what it made
//! of each; a key of which nothing is said counts as not carried. Where a meaning cannot be carried, the spec holds the vendor's words at that
//! place, so that `check` stops there, rather than a spec that runs more than the input did.
//!
//! This room shares no code with the readers of `verify`: those check what we wrote, this one reads what others did.

pub mod account;
pub(crate) mod aws;
mod decided;
pub(crate) mod declare;
pub mod filter;
pub(crate) mod github;
pub(crate) mod gitlab;
pub mod inventory;
pub(crate) mod jenkins;
pub mod ledger;
pub mod logic;
pub mod name;
pub mod node;
pub mod pattern;
pub(crate) mod raw;
pub mod script;
pub mod security;
pub mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::source::SourceMap;
use crate::base::span::{SourceId, Span};
use crate::front::ledger::{Fate, Ledger};
use crate::front::node::{Build, node as spec_node};
use crate::front::security::Security;
use crate::front::yaml::Fault;
use crate::syntax::fmt::format;
use crate::syntax::print::print;
use crate::syntax::tree::Document;

/// Whose configuration is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Vendor {
    /// `.github/workflows/*.yml`
    Github,
    /// `.gitlab-ci.yml` with the local files it includes
    Gitlab,
    /// `buildspec.yml` of AWS CodeBuild with the buildspecs of its batch, and templates of CloudFormation with its projects
    Codebuild,
    /// Templates of CloudFormation with pipelines of AWS CodePipeline, and the local buildspecs of their projects
    Codepipeline,
    /// Declarative Jenkinsfiles
    Jenkins,
}

impl Vendor {
    /// Every one with its word.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
        ("codebuild", Self::Codebuild),
        ("codepipeline", Self::Codepipeline),
        ("jenkins", Self::Jenkins),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, v)| *v == self).map_or("", |(w, _)| w)
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::Codebuild => "CodeBuild",
            Self::Codepipeline => "CodePipeline",
            Self::Jenkins => "Jenkins",
        }
    }

    /// Where its files lie in a repository.
    pub fn places(self) -> &'static [&'static str] {
        match self {
            Self::Github => &[".github/workflows"],
            Self::Gitlab => &[".gitlab-ci.yml"],
            Self::Codebuild => &["buildspec.yml", "buildspec.yaml", ".codebuild"],
            Self::Codepipeline => &["codepipeline.yml", "codepipeline.yaml", "codepipeline.json", ".codepipeline"],
            Self::Jenkins => &["Jenkinsfile"],
        }
    }

    /// The target that a spec of it has where nobody says one; `None` where it is no target.
    pub fn target(self) -> Option<&'static str> {
        (self != Self::Jenkins).then(|| self.word())
    }
}

/// A file that stays as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stays {
    /// Which.
    pub file: SourceId,
    /// Why.
    pub why: String,
}

/// What a person has to know of a file, beside its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// Which.
    pub file: SourceId,
    /// What, in one sentence.
    pub text: String,
}

/// What the files of a vendor do not say, and whoever imports them knows.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// `owner/name` of the repository at its host.
    pub repository: Option<String>,
    /// Who approves, by the word of a target and its own name for them.
    pub approvers: Vec<(String, String)>,
}

/// What came of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// What became of every key.
    pub ledger: Ledger,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// Files of which nothing is in the spec.
    pub stays: Vec<Stays>,
    /// What a person has to know beside.
    pub remarks: Vec<Remark>,
    /// The repository, where a person has told it.
    repository: Option<String>,
    /// What is known of a target, by its word.
    settings: BTreeMap<&'static str, Vec<(&'static str, String)>>,
    /// What becomes of what keeps others out.
    pub security: Vec<Security>,
    /// The nodes below the pipeline and its targets, by section.
    sections: Vec<Vec<Build>>,
    /// The time limit of jobs that say none.
    limit: Option<&'static str>,
    /// Losses that the input had already: target, capability, reason.
    accepts: Vec<(&'static str, &'static str, &'static str)>,
}

impl Imported {
    /// Puts in what a person knows beside the files. What the files say stays.
    pub fn tell(&mut self, told: &Told) {
        self.repository = self.repository.take().or_else(|| told.repository.clone());
        let teams = self.sections.iter_mut().flatten().filter(|b| b.0.name() == "team");
        for team in teams {
            for (target, name) in &told.approvers {
                if team.0.children().iter().all(|c| c.name() != target) {
                    team.push(spec_node(target).arg(name));
                }
            }
        }
    }

    /// What is known of a target: of AWS the connection is a variable where the files name none.
    fn settings(&self, target: &str) -> Vec<(&'static str, String)> {
        let mut known = self.settings.get(target).cloned().unwrap_or_default();
        if target == "codepipeline" {
            let says = |key: &str| known.iter().any(|(k, _)| *k == key);
            let connection = (!says("connection")).then(|| ("connection", "${var.CONNECTION_ARN}".to_owned()));
            let repository = self.repository.clone().filter(|_| !says("repository")).map(|r| ("repository", r));
            known.extend(connection.into_iter().chain(repository));
        }
        known
    }

    fn stays(&mut self, file: SourceId, why: &str) {
        self.stays.push(Stays { file, why: why.to_owned() });
        let why = Fate::Lost(format!("the file stays as it is: {why}"));
        self.ledger.lose_file(file, &why);
    }

    /// A file that the spec keeps by name for its own vendor.
    fn keeps(&mut self, file: SourceId, why: &str) {
        self.stays.push(Stays { file, why: why.to_owned() });
        self.ledger.lose_file(file, &Fate::Kept(format!("the spec names the file, which stays as it is: {why}")));
    }

    /// A file that the spec keeps by name for its own vendor, and that starts nothing there: no vendor misses anything.
    fn keeps_idle(&mut self, file: SourceId) {
        let why = "nothing of it ever runs: the spec names the file, which stays for whoever reads it";
        self.stays.push(Stays { file, why: why.to_owned() });
        self.ledger.lose_file(file, &Fate::Emulated(why.to_owned()));
    }

    fn remark(&mut self, file: SourceId, text: &str) {
        self.remarks.push(Remark { file, text: text.to_owned() });
    }

    /// Whether anything came over.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(Vec::is_empty)
    }

    /// The spec as text, for a pipeline of that name and those targets.
    pub fn spec(&self, name: &str, default_branch: &str, targets: &[&str]) -> String {
        let mut pipeline = spec_node("pipeline").arg(name).child(spec_node("language").number("1"));
        if default_branch != "main" {
            pipeline.push(spec_node("default-branch").arg(default_branch));
        }
        if let Some(limit) = self.limit {
            pipeline.push(spec_node("timeout").arg(limit));
        }
        let mut head = vec![pipeline];
        let mut read = Vec::new();
        for target in targets {
            let known = self.settings(target);
            let build = spec_node("target").arg(target);
            head.push(known.iter().fold(build, |b, (name, value)| b.prop(name, value)));
            let variable = |value: &String| Some(value.strip_prefix("${var.")?.strip_suffix('}')?.to_owned());
            read.extend(known.iter().filter_map(|(_, value)| variable(value)));
        }
        head.extend(read.iter().map(|name| spec_node("variable").arg(name)));
        let accepts = self.accepts.iter().filter(|(target, ..)| targets.contains(target));
        head.extend(accepts.map(|(target, loss, why)| spec_node("accept").args([target, loss]).prop("reason", why)));
        let mut texts = Vec::new();
        for section in std::iter::once(&head).chain(&self.sections).filter(|s| !s.is_empty()) {
            texts.push(print(&Document { nodes: section.iter().map(|b| b.0.clone()).collect() }));
        }
        let text = texts.join("\n");
        // What the printer writes is laid out already; the formatter is asked so that both never part.
        format(&text).unwrap_or(text)
    }
}

/// Imports files of a vendor. A file that cannot be read is told, and the others come over. What they include is read below the root.
pub fn import(sources: &SourceMap, files: &[SourceId], vendor: Vendor, root: &Path) -> Imported {
    let mut imported = Imported::default();
    match vendor {
        Vendor::Github => {
            github::import(sources, files, root, &mut imported);
            decided::settle_conditions(&mut imported, "github");
        }
        Vendor::Gitlab => gitlab::import(sources, files, root, &mut imported),
        Vendor::Codebuild => aws::buildspecs(sources, files, root, &mut imported),
        Vendor::Codepipeline => aws::pipelines(sources, files, root, &mut imported),
        Vendor::Jenkins => jenkins::import(sources, files, &mut imported),
    }
    imported.faults.sort_by_key(|f| f.span);
    imported
}

/// The place of a span as a person says it.
pub fn place(sources: &SourceMap, span: Span) -> (String, usize, usize) {
    let file = sources.file(span.source);
    let (line, column) = file.line_column(span.start);
    (file.name.clone(), line, column)
}
