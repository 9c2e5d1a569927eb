//! Words of the shell as texts of a spec.

use std::collections::BTreeMap;

use crate::front::logic::{Part, and, asked};

/// Variables of the shell by what they are in a spec: `commit.sha`, `job.image.digest`.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(BTreeMap<String, String>);

/// What a build finds set, or works out, by the context of a spec.
const CONTEXTS: &[(&str, &str)] = &[
    ("CODEBUILD_BUILD_URL", "run.url"),
    ("CODEBUILD_RESOLVED_SOURCE_VERSION", "commit.sha"),
    ("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID", "run.actor"),
    ("COMMIT_AUTHOR", "commit.author"),
    ("COMMIT_BRANCH", "commit.branch"),
    ("COMMIT_MESSAGE", "commit.message"),
    ("COMMIT_REF", "commit.ref"),
    ("COMMIT_SHORT", "commit.short"),
    ("COMMIT_TAG", "commit.tag"),
    ("JOB_STATUS", "job.status"),
    ("PR_NUMBER", "pr.number"),
    ("PR_SOURCE", "pr.source"),
    ("PR_TARGET", "pr.target"),
    ("PR_TITLE", "pr.title"),
    ("RUN_EVENT", "run.event"),
    ("RUN_ID", "run.id"),
    ("RUN_NUMBER", "run.number"),
];

/// Variables that carry what a run passes to its builds, and that no build has of its own.
pub(super) fn is_passed(name: &str) -> bool {
    let told = CONTEXTS.iter().any(|(n, _)| *n == name) || name == "ARTIFACTS" || name == "PIPEWRIGHT_OUTPUT";
    told || name.starts_with("MATRIX_") || name.starts_with("INPUT_")
}

impl Table {
    /// What every build knows.
    pub(super) fn usual() -> Self {
        Self(CONTEXTS.iter().map(|(name, context)| ((*name).to_owned(), (*context).to_owned())).collect())
    }

    /// Adds a variable.
    pub(super) fn set(&mut self, name: &str, context: &str) {
        self.0.insert(name.to_owned(), context.to_owned());
    }

    /// What a variable is.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Code with contexts in place of the variables: `"${IMAGE_API}"` is `"${image.api}"`.
    pub(super) fn code(&self, text: &str) -> String {
        let pairs: Vec<(&str, &str)> = self.0.iter().map(|(n, c)| (n.as_str(), c.as_str())).collect();
        crate::front::script::contexts(text, &pairs, |_| false).0
    }

    /// A word of the shell as a text; none where the shell works it out. The variables that it reads are noted.
    pub(super) fn word(&self, word: &str, read: &mut Vec<String>) -> Option<String> {
        if let Some(inner) = word.strip_prefix('\'').and_then(|w| w.strip_suffix('\'')) {
            let text = inner.replace("'\\''", "'");
            return (!text.contains("${")).then_some(text);
        }
        let quoted = word.len() > 1 && word.starts_with('"') && word.ends_with('"');
        let inner = if quoted { &word[1..word.len() - 1] } else { word };
        let mut out = String::new();
        let mut rest = inner;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\\' if quoted => {
                    let next = rest.chars().next()?;
                    rest = &rest[next.len_utf8()..];
                    out.push(next);
                    if next == '$' && rest.starts_with('{') {
                        return None;
                    }
                }
                '$' => {
                    let (name, behind) = variable(rest)?;
                    out.push_str(&format!("${{{}}}", self.get(name)?));
                    read.push(name.to_owned());
                    rest = behind;
                }
                '"' | '`' => return None,
                c if quoted || c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c) => out.push(c),
                _ => return None,
            }
        }
        Some(out)
    }

    /// A test of the shell as a condition: `[ "${COMMIT_BRANCH:-}" = main ]`, several of them with `&&` between.
    pub(super) fn condition(&self, test: &str) -> Option<Part> {
        let mut all = Part::Known(true);
        for one in test.split(" && ") {
            let inner = one.strip_prefix("[ ")?.strip_suffix(" ]")?;
            let (left, right) = inner.split_once(" = ").or_else(|| inner.split_once(" != "))?;
            let sign = if inner.contains(" != ") { "!=" } else { "==" };
            let name = left.strip_prefix("\"$")?.strip_suffix('"')?;
            let name = name.strip_prefix('{').map_or(Some(name), |n| n.strip_suffix(":-}"))?;
            let word = self.word(right, &mut Vec::new()).filter(|w| !w.contains(['\'', '$']))?;
            all = and(all, asked(format!("{} {sign} '{word}'", self.get(name)?)));
        }
        Some(all)
    }
}

/// The name of a variable behind its sign, and what follows.
fn variable(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = match text.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => text.split_at(text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())),
    };
    crate::front::name::is_variable(name).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn words_of_the_shell_are_texts() {
        let table = Table::usual();
        for (word, text) in [
            ("plain-1.2", Some("plain-1.2")),
            ("'it'\\''s $A'", Some("it's $A")),
            ("\"a $COMMIT_SHORT ${RUN_ID}x\"", Some("a ${commit.short} ${run.id}x")),
            ("\"a \\\"b\\\" \\$c\"", Some("a \"b\" $c")),
            ("$(date)", None),
            ("\"$OTHER\"", None),
            ("'${commit.sha}'", None),
            ("a b", None),
        ] {
            assert_eq!(table.word(word, &mut Vec::new()).as_deref(), text, "{word}");
        }
        let said = |test| table.condition(test).and_then(|p| p.text());
        assert_eq!(said("[ \"${COMMIT_BRANCH:-}\" = main ]").as_deref(), Some("commit.branch == 'main'"));
        assert_eq!(said("[ \"$RUN_EVENT\" != tag ]").as_deref(), Some("run.event != 'tag'"));
        assert_eq!(said("[ -e x ]"), None);
    }
}
