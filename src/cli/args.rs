//! The command line.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::front::Vendor;

/// One KDL file in, every vendor's delivery configuration out: equivalent, or an error.
///
/// Findings go to the standard output of `check`, and to the standard error of `build` and `diff`, whose output is what they make. Exit codes: 0
/// clean, 1 findings or outputs that are not in step, 2 wrong usage, a refusal of the system, or a bug.
#[derive(Parser, Debug)]
#[command(name = "pipewright", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct CommandLine {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Args, Debug, Clone)]
pub struct Global {
    /// The spec; `-` reads it from the standard input [default: pipeline.kdl here or in a folder above, up to the repository's root]
    #[arg(long, global = true, value_name = "PATH")]
    pub spec: Option<PathBuf>,
    /// How findings are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Full)]
    pub format: Format,
    /// When to print in colour; NO_COLOR and CLICOLOR count, too
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say more: which spec is read, which files are in step
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors and what the command makes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// How findings are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// With the lines of the spec, the reason and the way out
    Full,
    /// A line each
    Concise,
    /// One document, schema `pipewright-json-1`
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
}

impl Format {
    /// Whether its readers know the repository, not the folder the command ran in.
    pub fn is_of_repository(self) -> bool {
        matches!(self, Self::Sarif | Self::Github | Self::Gitlab)
    }
}

/// A form of the settings.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingsForm {
    /// Markdown, a box for each thing to set
    Checklist,
    /// What the vendor's API takes
    Json,
    /// A script that sets everything; it reads the JSON beside it
    Script,
}

/// Which runs to show, and how.
#[derive(Args, Debug, Clone)]
pub struct Planning {
    /// What happens: push:main, tag:v1.2.3, pull-request:main, schedule:nightly, release:v1.2.3 or
    /// manual:WORKFLOW:input=value,branch=main; may stand several times [default: list the events that the spec can tell apart]
    #[arg(long, short, value_name = "EVENT")]
    pub event: Vec<String>,
    /// A changed file, for filters of paths; may stand several times [default: every filter of paths passes]
    #[arg(long, value_name = "PATH")]
    pub changed: Vec<String>,
    /// As this target holds it: only its workflows, only the secrets that it needs
    #[arg(long, short, value_name = "TARGET")]
    pub target: Option<String>,
    /// In which form
    #[arg(long = "as", value_enum, default_value_t = PlanForm::Text)]
    pub form: PlanForm,
}

/// A form of a run.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlanForm {
    /// For a person
    Text,
    /// One document, schema `pipewright-plan-1`
    Json,
    /// A flow chart, for a block of Markdown
    Mermaid,
    /// A picture of one event
    Svg,
    /// A page with a picture of each event, all events if none is given; it loads nothing
    Html,
}

/// When to print in colour.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// On a terminal that wants it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which specs to work on.
#[derive(Args, Debug, Clone, Default)]
pub struct Which {
    /// Specs, or folders: every pipeline.kdl below a folder
    #[arg(value_name = "PATH", conflicts_with = "spec")]
    pub paths: Vec<PathBuf>,
    /// Every pipeline.kdl below this folder
    #[arg(long, conflicts_with_all = ["spec", "paths"])]
    pub all: bool,
    /// How many specs are compiled at the same time [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZero<usize>>,
}

/// Which files to make.
#[derive(Args, Debug, Clone, Default)]
pub struct Making {
    /// Which specs to work on.
    #[command(flatten)]
    pub which: Which,
    /// Only for this target of the spec; may stand several times
    #[arg(long, short, value_name = "TARGET")]
    pub target: Vec<String>,
    /// The folder that the files belong to [default: the folder of the spec]
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Whose configuration is read.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// Workflows of GitHub Actions
    Github,
    /// A configuration of GitLab CI, with the local files it includes
    Gitlab,
    /// A buildspec of AWS CodeBuild with those of its batch, or the template with its projects
    Codebuild,
    /// Pipelines of AWS CodePipeline in templates of CloudFormation
    Codepipeline,
    /// A declarative Jenkinsfile; say where to with `--to`
    Jenkins,
}

impl From {
    /// The vendor.
    pub fn vendor(self) -> Vendor {
        match self {
            Self::Github => Vendor::Github,
            Self::Gitlab => Vendor::Gitlab,
            Self::Codebuild => Vendor::Codebuild,
            Self::Codepipeline => Vendor::Codepipeline,
            Self::Jenkins => Vendor::Jenkins,
        }
    }
}

/// How an import says what became of the input.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportReport {
    /// For a person
    Text,
    /// One document, schema `pipewright-import-1`
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// For a pull request
    Markdown,
}

/// `github=example/release`: a target, and its name for a team.
fn approvers(text: &str) -> Result<(String, String), String> {
    let known = ["github", "gitlab", "codepipeline"];
    let pair = text.split_once('=').filter(|(target, name)| known.contains(target) && !name.is_empty());
    pair.map(|(target, name)| (target.to_owned(), name.to_owned()))
        .ok_or_else(|| format!("say a target and its name for them: {}=…", known.join("=…, ")))
}

/// What to import.
#[derive(Args, Debug, Clone)]
pub struct Importing {
    /// Files, or folders in which the vendor's files lie at their places [default: this folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Whose configuration it is [default: the vendor whose files are found]
    #[arg(long, value_enum)]
    pub from: Option<From>,
    /// A target of the spec; may stand several times [default: the vendor it comes from]
    #[arg(long, value_name = "TARGET", value_parser = ["github", "gitlab", "codebuild", "codepipeline"])]
    pub to: Vec<String>,
    /// The repository at its host, which CodePipeline must know [default: that of the remote `origin`]
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// Who approves on a target, where somebody had to agree or to start a job by hand; may stand several times
    #[arg(long, value_name = "TARGET=NAME", value_parser = approvers)]
    pub approvers: Vec<(String, String)>,
    /// Exit with 1 if anything is not carried
    #[arg(long)]
    pub strict: bool,
    /// How to say what became of the input
    #[arg(long, value_enum, default_value_t = ImportReport::Text)]
    pub report: ImportReport,
    /// The spec to write; a file that is there is not replaced [default: what `--spec` names, else pipeline.kdl]
    #[arg(long, short, value_name = "FILE", conflicts_with = "stdout")]
    pub out: Option<PathBuf>,
    /// Print the spec instead of writing it; the report goes to the standard error
    #[arg(long)]
    pub stdout: bool,
}

/// How an audit is told.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditReport {
    /// For a person
    Text,
    /// One document, schema `pipewright-audit-1`
    Json,
}

/// What to audit.
#[derive(Args, Debug, Clone)]
pub struct Auditing {
    /// The folder in which the repositories lie, up to three folders deep; or a repository itself
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// How to say what was found
    #[arg(long, value_enum, default_value_t = AuditReport::Text)]
    pub report: AuditReport,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Say what is wrong with the spec; writes nothing
    Check(Which),
    /// Write the files of all targets, and remove those that no spec writes any more
    Build {
        /// Which files to make.
        #[command(flatten)]
        making: Making,
        /// Write nothing; say what is not in step, and exit with 1
        #[arg(long, conflicts_with = "stdout")]
        check: bool,
        /// Print the files instead of writing them
        #[arg(long)]
        stdout: bool,
    },
    /// Show what `build` would change, as a unified diff
    Diff(Making),
    /// Explain a rule, with a spec that breaks it and one that keeps it, or a capability; without a name, list the rules
    Explain {
        /// The name that stands in brackets behind a finding, or the word of an `accept`
        name: Option<String>,
    },
    /// Show which jobs an event runs, in what order, behind which gates, with which environments and secrets
    Plan(Planning),
    /// Run the tests of the spec: what an event must run, leave out, and hold behind a gate
    Test(Which),
    /// Read the files that lie there as their vendors do, and say where they do something else than the spec
    Verify(Which),
    /// Print what each target can hold: the matrix, or all that is said of one target or one capability
    Targets {
        /// A target, or a capability (the word of an `accept`)
        word: Option<String>,
    },
    /// Lay specs out; never re-spells a value, never loses a comment
    Fmt {
        /// Which specs to work on.
        #[command(flatten)]
        which: Which,
        /// Write nothing; show what would change, and exit with 1 if anything would
        #[arg(long)]
        check: bool,
    },
    /// Read the configuration that is there, and write the spec that says the same; what could not be carried is listed
    Import(Importing),
    /// Say of many repositories at once how much of their configuration would come over, and what it uses; writes nothing
    Audit(Auditing),
    /// Print what a vendor keeps outside its files: reviewers, branch rules, schedules, secrets by name
    Settings {
        /// The target; all of the spec without it
        target: Option<String>,
        /// In which form
        #[arg(long = "as", value_enum, default_value_t = SettingsForm::Checklist)]
        form: SettingsForm,
    },
    /// Compare an export of a vendor's real settings with what the spec needs
    Doctor {
        /// The target that the export is of
        target: String,
        /// What `.pipewright/settings/TARGET.sh export` printed; `-` reads it from the standard input
        export: PathBuf,
    },
    /// Print which jobs each event starts, as the model says, to be held against a vendor's own tools
    #[command(hide = true)]
    Events {
        /// The target
        #[arg(long, value_parser = ["gitlab"])]
        target: String,
    },
    /// Print what playing the outputs with stand-ins for their programs needs to know, to be read by the stories in `.ci`
    #[command(hide = true)]
    Stories,
    /// Write a first pipeline.kdl, made from what lies in this folder
    Init,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, as roff
    Man,
}
