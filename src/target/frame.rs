//! The words of the frame that a build of AWS has around the scripts of a spec: one place for who writes them and for who takes them back.

/// The script of the steps.
pub const JOB: &str = "/tmp/job.sh";
/// The script of what runs behind them.
pub const AFTER: &str = "/tmp/after.sh";
/// The comment above the first line of that script.
pub const EACH: &str = "Each step runs, whatever came of the one before";
/// Its first line, and its last.
pub const NONE_FAILED: &str = "failed=0";
/// Counts a failure there.
pub const COUNTED: &str = "failed=$((failed + $?))";
/// Ends it.
pub const ALL_WELL: &str = "[ \"$failed\" = 0 ]";
/// The job has failed, forgiven or not.
pub const FAILED: &str = "{ [ \"$CODEBUILD_BUILD_SUCCEEDING\" = 0 ] || [ -e /tmp/failed ]; }";
/// What stands in place of a failure that is forgiven.
pub const FORGIVEN: &str = "{ echo \"The job failed; the run goes on.\"; touch /tmp/failed; }";
/// What stands in place of a step's failure that is forgiven.
pub const GOES_ON: &str = "echo \"This step failed; the job goes on.\"";
/// What a build without anything to do runs.
pub const NOTHING: &str = "echo \"Nothing to do\"";
/// The file of a build's outputs.
pub const OUTPUTS: &str = "/tmp/outputs";
/// The file of the images that a build made.
pub const IMAGES: &str = "/tmp/images.env";
/// Above the commands that hand outputs on.
pub const HANDED_ON: &str = "For the jobs that read these outputs";
/// Above the check of what a person gave.
pub const GIVEN: &str = "What a person must give";
/// Keeps the role that a step took away from a command.
pub const AS_BUILD: &str = "AWS_CONFIG_FILE=/dev/null ";
/// The id of the run of a batch.
pub const RUN_ID: &str =
    "RUN_ID=$(aws codebuild batch-get-builds --ids \"$CODEBUILD_BUILD_ID\" --query 'builds[0].buildBatchArn' --output text)";

/// The line that gives a shell the variables of a file.
pub fn sourced(file: &str) -> String {
    format!("while IFS='=' read -r name value; do export \"$name=$value\"; done < {file}")
}

/// Where a file of a run lies in the bucket.
pub fn store(file: &str) -> String {
    format!("\"s3://$ARTIFACTS/${{RUN_ID##*:}}/{file}\"")
}

/// What a parameter of a stack says of the variable that it stands for.
pub fn variable(name: &str) -> String {
    format!("The variable {name} of the spec")
}

/// The variable that a parameter of a stack stands for, by what it says.
pub fn variable_of(said: &str) -> Option<&str> {
    said.strip_prefix("The variable ")?.strip_suffix(" of the spec")
}

#[cfg(test)]
mod tests {
    use super::{variable, variable_of};

    #[test]
    fn a_variable_comes_back() {
        assert_eq!(variable_of(&variable("TOPIC")), Some("TOPIC"));
        assert_eq!(variable_of("The topic"), None);
    }
}
