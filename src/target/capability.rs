//! What a spec can ask of a vendor, one name each: the words of `accept github approval-count …` and the rows of the capability tables.

use std::fmt;

macro_rules! capabilities {
    ($($meaning:literal $variant:ident $name:literal)*) => {
        /// A construct of the language that a vendor may lack. One that counts (`needs-count`) is required with its figure, and a row of a table
        /// may hold it up to a limit.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Capability { $(#[doc = $meaning] $variant,)* }

        impl Capability {
            /// Every one, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word a spec uses in `accept`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

capabilities! {
    "A run for a pushed branch, by globs of names." Push "push"
    "A run for a pushed tag, by globs of names." Tag "tag"
    "A run for a pull request, by the branches it goes to and comes from." PullRequest "pull-request"
    "A run when a pull request is closed or merged." PullRequestClosed "pull-request-closed"
    "A run when a draft becomes ready." PullRequestReady "pull-request-ready"
    "A run when a pull request gets a label." PullRequestLabeled "pull-request-labeled"
    "A run when a pull request is opened, or when it changes, and not for both." PullRequestTypes "pull-request-types"
    "A run when a pull request is opened again, and neither when it is opened first nor when it changes." PullRequestReopened "pull-request-reopened"
    "Leaving out pull requests from other repositories." ExcludeForks "exclude-forks"
    "A workflow that runs only if certain files changed." PathFilter "path-filter"
    "A job or stage that runs only if certain files changed, beside others that always run." JobPathFilter "job-path-filter"
    "A path filter that leaves files out." PathFilterExcept "path-filter-except"
    "Path filters on one job of which none lies within all others." PathFilterSeveral "path-filter-several"
    "How many patterns one path filter has, braces written out." PathPatterns "path-patterns"
    "A run at certain times." Schedule "schedule"
    "A schedule on another branch than the default one." ScheduleBranch "schedule-branch"
    "A schedule on days of the month or of the week, whichever comes." ScheduleDays "schedule-days"
    "A schedule in the local time of a zone." ScheduleTimezone "schedule-timezone"
    "A job that runs for one of several schedules." ScheduleName "schedule-name"
    "A run that a person starts." Manual "manual"
    "How many inputs a manual run has." InputCount "input-count"
    "A text input." InputString "input-string"
    "A true-or-false input." InputBoolean "input-boolean"
    "A number input." InputNumber "input-number"
    "An input with fixed choices." InputChoice "input-choice"
    "An input that names an environment of the spec." InputEnvironment "input-environment"
    "An input that a person must give." InputRequired "input-required"
    "A text input that must match a glob." InputPattern "input-pattern"
    "A run for a published release." Release "release"
    "One run where a push and a pull request meet on one commit." Dedupe "dedupe"
    "A stage or job that takes fewer events than its workflow." JobFilter "job-filter"
    "A job that runs only if a condition on the event or the inputs holds." JobCondition "job-condition"
    "A job or stage that takes pull requests to some branches, beside others that take those to more." JobFilterTarget "job-filter-target"
    "A glob in what decides whether a job runs." JobConditionGlob "job-condition-glob"
    "Telling names apart by upper and lower case in what decides whether a job runs." JobConditionExact "job-condition-exact"
    "Telling a name from the same name in other letters in whether a job runs that deploys nothing." JobConditionCase "job-condition-case"
    "Figures held against each other in what decides whether a job runs." JobConditionSize "job-condition-size"
    "A job that runs only if an output of another job says so." JobConditionOutput "job-condition-output"
    "Waiting for a job that is not part of every run." NeedsOptional "needs-optional"
    "How many jobs one job waits for." NeedsCount "needs-count"
    "Reading how a needed job ended." NeedsResult "needs-result"
    "Telling a needed job that is absent from one that was skipped." NeedsResultAbsent "needs-result-absent"
    "A job that runs after a failure of the jobs it needs." WhenFailure "when-failure"
    "A job for failures that needs a job which the failure of another keeps from running." WhenFailureChain "when-failure-chain"
    "A job that runs however the jobs it needs ended, cancellation included." WhenAlways "when-always"
    "One job in several cells." Matrix "matrix"
    "How many cells a matrix has." MatrixSize "matrix-size"
    "Stopping the other cells at the first failure." MatrixFailFast "matrix-fail-fast"
    "A bound on the cells that run at one time." MatrixMaxParallel "matrix-max-parallel"
    "A job whose failure does not fail the run." AllowFailure "allow-failure"
    "A job that is forgiven certain exit codes only." AllowFailureExitCodes "allow-failure-exit-codes"
    "How many further attempts a job has." Retry "retry"
    "Further attempts of a job that has steps which are no plain commands." RetryActions "retry-actions"
    "A time limit for a job." Timeout "timeout"
    "A time limit that is no whole number of minutes." TimeoutSeconds "timeout-seconds"
    "A job whose token of the vendor can do only what its steps need." JobPermissions "job-permissions"
    "Keys of the vendor, merged into the output." Raw "raw"
    "A job that is nothing but keys of another target." RawJob "raw-job"
    "A workflow file of one vendor alone, kept as it is." RawFile "raw-file"
    "An event of one vendor alone." RawEvent "raw-event"
    "A value that an expression of GitHub's own gives." ValueOwn "value-own"
    "A Linux runner on x86." RunnerLinux "runner-linux"
    "A Linux runner on ARM." RunnerLinuxArm "runner-linux-arm"
    "A Windows runner." RunnerWindows "runner-windows"
    "A macOS runner." RunnerMacos "runner-macos"
    "A runner of the spec's own, by the vendor's labels or tags." RunnerOwn "runner-own"
    "A runner named by an axis of the matrix." RunnerAxis "runner-axis"
    "A runner by a label that a variable of the project gives." RunnerVariable "runner-variable"
    "A runner by a label that only the run knows." RunnerRun "runner-run"
    "Scripts in the POSIX shell." ShellSh "shell-sh"
    "Scripts in PowerShell." ShellPwsh "shell-pwsh"
    "Scripts for bash or a POSIX shell on Windows." ShellPosixOnWindows "shell-posix-on-windows"
    "Steps inside a container." Image "image"
    "An image whose name only a run knows, or an account." ImageContext "image-context"
    "Scripts in an image without the program that the image starts with." ImageEntrypoint "image-entrypoint"
    "A container beside a job." Service "service"
    "Waiting until a service answers before the first step." ServiceReady "service-ready"
    "Waiting for a service that names no port, or in an image without bash." ServiceReadyBare "service-ready-bare"
    "A docker daemon of a job's own." Docker "docker"
    "A job that wants more than one of: an image, docker, toolchains of several languages." SeveralImages "several-images"
    "A language toolchain of a version." Toolchain "toolchain"
    "Tools that the image lacks." Tools "tools"
    "A certain version of a tool that the image or the system's packages bring." ToolVersion "tool-version"
    "The repository at the commit of the event." Checkout "checkout"
    "The repository at another commit." CheckoutRef "checkout-ref"
    "A step that runs only if a condition holds." StepCondition "step-condition"
    "A step that runs after a failure." StepWhenFailure "step-when-failure"
    "A step that runs in any case, cancellation included." StepWhenAlways "step-when-always"
    "A step for failures, or for any outcome, with steps behind it that run only on success." StepWhenBetween "step-when-between"
    "A time limit for one step." StepTimeout "step-timeout"
    "A step whose failure does not stop the job." ContinueOnError "continue-on-error"
    "How many characters a script has." ScriptSize "script-size"
    "Files kept between runs." Cache "cache"
    "How many files make up the key of a cache." CacheKeyFiles "cache-key-files"
    "How many caches a job has." CacheCount "cache-count"
    "Building an image and pushing it." DockerBuild "docker-build"
    "An image for several platforms." DockerPlatforms "docker-platforms"
    "Logging in to GitHub's registry without a password of one's own." RegistryGhcr "registry-ghcr"
    "Logging in to GitLab's registry without a password of one's own." RegistryGitlab "registry-gitlab"
    "Logging in to AWS's registry by a role." RegistryEcr "registry-ecr"
    "Logging in to a registry by user and password." RegistryPassword "registry-password"
    "Giving an image further tags without building it again." ImagePromote "image-promote"
    "Commands on another machine with a known host key." Ssh "ssh"
    "An action of the vendor in the body of a portable action." Uses "uses"
    "An action of GitHub by a version that its owner can move." UnpinnedAction "unpinned-action"
    "A function of AWS Lambda that answers the run which called it." LambdaAnswer "lambda-answer"
    "A portable action whose body for the target is empty: the step is left out there." StepLeftOut "step-left-out"
    "Files passed between jobs." Artifact "artifact"
    "For how many days an artifact is kept." ArtifactKeepDays "artifact-keep-days"
    "An artifact that is kept for less than a day." ArtifactKeepShort "artifact-keep-short"
    "The executable bits of files passed between jobs." ArtifactModes "artifact-modes"
    "A value passed between jobs." Output "output"
    "Test results in the vendor's own display." ReportJunit "report-junit"
    "Coverage in the vendor's own display." ReportCoverage "report-coverage"
    "Coverage in the vendor's own display, in a format other than Cobertura and JaCoCo." ReportCoverageOther "report-coverage-other"
    "Findings in the vendor's own display." ReportSarif "report-sarif"
    "Reading which attempt of a run this is." ContextAttempt "context-attempt"
    "Reading the number of a run." ContextRunNumber "context-run-number"
    "Reading who started a run." ContextActor "context-actor"
    "Reading the vendor's own token for the run." ContextToken "context-token"
    "Reading the title of a pull request." ContextPrTitle "context-pr-title"
    "Reading the number of a pull request, or the branch it goes to." ContextPrTarget "context-pr-target"
    "Reading the message or author of a commit whose run no push started." ContextCommitText "context-commit-text"
    "Reading who approved." ContextApprover "context-approver"
    "Reading what a gate measured." ContextGateValue "context-gate-value"
    "A secret of the vendor in a script's variable." Secret "secret"
    "A secret that only the jobs see which use it." SecretScope "secret-scope"
    "A secret that only the jobs of an environment see." EnvironmentSecret "environment-secret"
    "A secret that a job reads from a store of the cloud." SecretStore "secret-store"
    "A role in AWS without stored keys." AwsIdentity "aws-identity"
    "A cluster by a kubeconfig in a secret." ClusterKubeconfig "cluster-kubeconfig"
    "A cluster of AWS by its name." ClusterEks "cluster-eks"
    "A gate on a figure, findings or test results of its job." GateMeasure "gate-measure"
    "A gate on how an address answers." GateProbe "gate-probe"
    "A gate on a figure of a monitoring system." GateQuery "gate-query"
    "A gate on commands." GateCheck "gate-check"
    "A gate on the time of the week." GateWindow "gate-window"
    "A person who must agree." Approval "approval"
    "Only members of a team may agree." ApprovalTeam "approval-team"
    "An approval of a job that runs after a failure." ApprovalAfterFailure "approval-after-failure"
    "More than one person must agree." ApprovalCount "approval-count"
    "Who started the run may not agree." ApprovalExcludeAuthor "approval-exclude-author"
    "An approval that lapses after a time." ApprovalTimeout "approval-timeout"
    "What the approver is asked." ApprovalMessage "approval-message"
    "What the approver should look at." ApprovalChecklist "approval-checklist"
    "An approval by comments on an issue." ApprovalIssue "approval-issue"
    "Several approvals one after another." ApprovalSequential "approval-sequential"
    "A named place that deploys change, with its history." Environment "environment"
    "The address of an environment." EnvironmentUrl "environment-url"
    "How much is at stake in an environment." EnvironmentTier "environment-tier"
    "A job that enters an environment and deploys nothing." EnvironmentVerify "environment-verify"
    "A deploy that waits for the deploys of earlier environments in its run." PromotionOrder "promotion-order"
    "A deploy that asks for a deploy of an earlier environment in an earlier run." PromotionStrict "promotion-strict"
    "Jobs of one group one at a time, each in its turn." QueueAll "queue-all"
    "Jobs of one group one at a time, only the newest waiting." QueueLatest "queue-latest"
    "One queue for jobs that different kinds of events start." QueueAcross "queue-across"
    "A newer run of the branch that cancels the older one." CancelRunning "cancel-running"
    "A newer run that cancels an older one of a group of the spec's own, or of the whole workflow." CancelRunningGroup "cancel-running-group"
    "Tests after a deploy." SmokeTest "smoke-test"
    "Gates watched together after a deploy." Monitor "monitor"
    "Undoing a deploy whose job did not succeed." Rollback "rollback"
    "Undoing a deploy that was cancelled or ran out of time." RollbackOnCancel "rollback-on-cancel"
    "A message about a job." Notify "notify"
    "A message about a whole run." NotifyWorkflow "notify-workflow"
    "A message when a person is asked to approve." NotifyApproval "notify-approval"
    "Required checks, reviews and history rules of a branch." BranchProtection "branch-protection"
    "Rules for commit messages and branch names." NamePolicy "name-policy"
    "A job that compares the outputs with the spec." CheckDrift "check-drift"
}

impl Capability {
    /// The one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Capability;

    #[test]
    fn names_are_unique_and_kebab_and_meanings_are_sentences() {
        for capability in Capability::ALL {
            let name = capability.name();
            assert_eq!(Capability::parse(name), Some(*capability));
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !name.starts_with('-'), "{name}");
            assert!(capability.meaning().ends_with('.'), "{name}");
        }
    }
}
