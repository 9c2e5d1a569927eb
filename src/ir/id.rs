//! Indexes into the tables of a [`crate::ir::Pipeline`], and the targets' names.

use crate::ir::words::fields;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name(pub u32);

            impl $name {
                /// The position in its table.
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// A workflow, in `Pipeline::workflows`.
    WorkflowId,
    /// A job or deploy, in `Pipeline::jobs`.
    JobId,
    /// A gate, in `Pipeline::gates`.
    GateId,
    /// An environment, in `Pipeline::environments`.
    EnvironmentId,
    /// A registry, in `Pipeline::registries`.
    RegistryId,
    /// An image that the pipeline builds, in `Pipeline::images`.
    ImageId,
    /// A value that depends on the event, in `Pipeline::values`.
    ValueId,
    /// A channel, in `Pipeline::channels`.
    ChannelId,
    /// A team, in `Pipeline::teams`.
    TeamId,
    /// An app, in `Pipeline::apps`.
    AppId,
}

fields! {
    /// A vendor whose configuration pipewright writes.
    TargetId {
        /// GitHub Actions.
        Github = "github",
        /// GitLab CI.
        Gitlab = "gitlab",
        /// AWS CodeBuild: a batch build for each workflow and kind of event.
        Codebuild = "codebuild",
        /// AWS CodePipeline: a pipeline for each workflow and kind of event, whose jobs CodeBuild runs.
        Codepipeline = "codepipeline",
    }
}

impl TargetId {
    /// Whether its jobs run as builds of AWS CodeBuild.
    pub fn is_aws(self) -> bool {
        matches!(self, Self::Codebuild | Self::Codepipeline)
    }
}
