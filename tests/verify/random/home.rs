//! The targets that a random spec is built for.

use super::spec::Spec;

/// The targets that one text is built for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Home {
    /// GitHub and GitLab, or one of them.
    Hosts,
    Codebuild,
    Codepipeline,
}

impl Home {
    /// The spec as this target may hold it.
    pub(super) fn of(self, spec: &Spec) -> Spec {
        if self == Self::Hosts { spec.clone() } else { spec.fit(self) }
    }

    /// How many targets have files among these.
    pub(super) fn written(self, paths: &[&str]) -> usize {
        let folders: &[&str] = match self {
            Self::Hosts => &[".github/workflows/", ".gitlab-ci.yml"],
            Self::Codebuild => &[".codebuild/"],
            Self::Codepipeline => &[".codepipeline/"],
        };
        folders.iter().filter(|f| paths.iter().any(|p| p.trim_start_matches("standby/").starts_with(**f))).count()
    }

    /// The targets: `choice` of the hosts, of which only one may deploy.
    pub(super) fn targets(self, choice: u8) -> &'static str {
        match self {
            Self::Hosts => [
                "target github\ntarget gitlab standby tier=premium\nteam ops { github \"example/ops\"; gitlab \"example/ops\" }\n",
                "target github\nteam ops { github \"example/ops\" }\n",
                "target gitlab tier=premium\nteam ops { gitlab \"example/ops\" }\n",
            ][usize::from(choice)],
            Self::Codebuild => "target codebuild repository=\"example/app\"\n",
            Self::Codepipeline => {
                "target codepipeline connection=(var)CONNECTION repository=\"example/app\"\nvariable CONNECTION\nvariable TOPIC\nteam ops { codepipeline (var)TOPIC }\n"
            }
        }
    }

    /// Declarations that not every target has a use for.
    pub(super) fn asks(self) -> &'static [&'static str] {
        match self {
            Self::Codebuild => &[],
            Self::Hosts | Self::Codepipeline => {
                &["gate ask0 { approval { from ops } }\n", "gate ask1 { approval { from ops; count 2; via sequential } }\n"]
            }
        }
    }

    /// Losses that every spec accepts, so that what a vendor lacks refuses few of them.
    pub(super) fn accepts(self) -> &'static [&'static str] {
        match self {
            Self::Hosts => &[
                "gitlab release",
                "gitlab pull-request-types",
                "gitlab secret-scope",
                "gitlab when-failure-chain",
                "gitlab when-always",
                "gitlab queue-latest",
                "gitlab cancel-running-group",
                "gitlab matrix-max-parallel",
                "gitlab tool-version",
                "gitlab step-when-between",
                "gitlab job-condition-output",
                "github allow-failure-exit-codes",
                "github tool-version",
                "github job-condition-exact",
            ],
            Self::Codebuild => &[
                "codebuild secret-scope",
                "codebuild step-when-always",
                "codebuild step-when-between",
                "codebuild matrix-max-parallel",
                "codebuild queue-all",
                "codebuild queue-across",
                "codebuild queue-latest",
                "codebuild rollback-on-cancel",
                "codebuild tool-version",
                "codebuild job-condition-output",
            ],
            Self::Codepipeline => &[
                "codepipeline step-when-always",
                "codepipeline step-when-between",
                "codepipeline matrix-max-parallel",
                "codepipeline queue-across",
                "codepipeline queue-latest",
                "codepipeline tool-version",
                "codepipeline job-condition-output",
            ],
        }
    }
}
