//! Variables of CodePipeline in its texts, `#{…}` (docs.aws.amazon.com/codepipeline, "Variables reference").

use crate::front::name::slug;

/// Variables of CodePipeline by the contexts of a spec.
const CONTEXTS: &[(&str, &str)] = &[
    ("codepipeline.PipelineExecutionId", "run.id"),
    ("SourceVariables.CommitId", "commit.sha"),
    ("SourceVariables.BranchName", "commit.branch"),
    ("SourceVariables.CommitMessage", "commit.message"),
    ("SourceVariables.AuthorDisplayName", "commit.author"),
    ("SourceVariables.TagName", "commit.tag"),
    ("SourceVariables.PullRequestTitle", "pr.title"),
    ("SourceVariables.PullRequestId", "pr.number"),
    ("SourceVariables.SourceBranchName", "pr.source"),
    ("SourceVariables.DestinationBranchName", "pr.target"),
];

/// A text with contexts in place of `#{…}`, and whether one is left.
pub(super) fn spoken(text: &str) -> (String, bool) {
    let mut out = text.to_owned();
    for (theirs, ours) in CONTEXTS {
        out = out.replace(&format!("#{{{theirs}}}"), &format!("${{{ours}}}"));
    }
    while let Some(at) = out.find("#{variables.") {
        let Some(end) = out[at..].find('}').map(|e| at + e) else { break };
        let name = slug(&out[at + 12..end]);
        out.replace_range(at..=end, &format!("${{input.{name}}}"));
    }
    let left = out.contains("#{");
    (out, left)
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn variables_of_the_pipeline_are_contexts() {
        assert_eq!(
            spoken("a #{SourceVariables.CommitId} #{variables.Level}"),
            ("a ${commit.sha} ${input.level}".to_owned(), false)
        );
        assert!(spoken("#{Build.TAG}").1);
    }
}
