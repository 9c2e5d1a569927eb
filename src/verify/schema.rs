//! Holds a rendered YAML text against its vendor's schema.
//!
//! The schemas are compiled into the binary by jsonschema's macro: nothing to read or compile at start, and one more second for a build of the crate.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use saphyr_parser::{Event, Parser};
use serde_json::Value;

use crate::base::failure::Failure;
use crate::render::Output;

/// Violations that one message lists; the rest is counted.
const SHOWN: usize = 5;

mod compiled {
    //! The validators that the macro writes.
    #![allow(missing_docs, reason = "the macro writes functions without docstrings")]

    #[jsonschema::validator(path = "targets/github/schema.json")]
    pub(super) struct GithubWorkflow;

    // Its formats ask for addresses where a variable may stand, and for patterns of JavaScript where GitLab reads those of RE2.
    #[jsonschema::validator(path = "targets/gitlab/schema.json", validate_formats = false)]
    pub(super) struct GitlabCi;

    #[jsonschema::validator(path = "targets/codebuild/schema.json")]
    pub(super) struct Buildspec;
}

/// A vendor's schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Schema {
    /// `.github/workflows/*.yml`
    GithubWorkflow,
    /// `.gitlab-ci.yml` and the files it includes
    GitlabCi,
    /// `.codebuild/**/*.yml`, but for the stack
    Buildspec,
}

impl Schema {
    /// The schema of a file, by its path below the root; `None` for a file without one.
    pub fn of(path: &str) -> Option<Self> {
        let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if yaml && (folder == ".github/workflows" || folder.ends_with("/.github/workflows")) {
            Some(Self::GithubWorkflow)
        } else if path.ends_with(".gitlab-ci.yml") {
            Some(Self::GitlabCi)
        } else if yaml && is_buildspec(path) {
            Some(Self::Buildspec)
        } else {
            None
        }
    }
}

/// Graphs of batches lie in `.codebuild`, buildspecs a folder below; above those of a pipeline lie stacks.
fn is_buildspec(path: &str) -> bool {
    match path.strip_prefix("standby/").unwrap_or(path).split('/').collect::<Vec<_>>().as_slice() {
        [".codebuild", file] => *file != "template.yml",
        [".codebuild" | ".codepipeline", _, _] => true,
        _ => false,
    }
}

/// One place where a text breaks its schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Line in the text, from 1.
    pub line: usize,
    /// Where it is in the value, as a JSON pointer; empty for the whole text.
    pub pointer: String,
    /// What the schema says.
    pub text: String,
}

/// Refuses an output that its vendor's schema refuses. An output without a schema passes.
///
/// # Errors
/// `Internal` with the path, the lines and what the schema says: what we wrote is our fault.
pub fn check(output: &Output) -> Result<(), Failure> {
    let Some(schema) = Schema::of(&output.path) else { return Ok(()) };
    let found = violations(schema, &output.text);
    if found.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<_> =
        found.iter().take(SHOWN).map(|v| format!("\n  {}:{}: {} {}", output.path, v.line, v.pointer, v.text)).collect();
    if found.len() > SHOWN {
        lines.push(format!("\n  and {} more", found.len() - SHOWN));
    }
    Err(Failure::Internal(format!(
        "{} was rendered in a form its vendor refuses; nothing is written:{}",
        output.path,
        lines.concat()
    )))
}

/// Every place where a YAML text breaks a schema; a text that is no YAML, or names a key twice, is one violation.
pub fn violations(schema: Schema, text: &str) -> Vec<Violation> {
    let value = match read(text) {
        Ok(value) => value,
        Err(violation) => return vec![violation],
    };
    let errors: Vec<_> = match schema {
        Schema::GithubWorkflow => compiled::GithubWorkflow::iter_errors(&value).collect(),
        Schema::GitlabCi => compiled::GitlabCi::iter_errors(&value).collect(),
        Schema::Buildspec => compiled::Buildspec::iter_errors(&value).collect(),
    };
    errors
        .iter()
        .map(|error| {
            let error = deepest(error);
            let pointer = error.instance_path();
            Violation { line: line_of(text, pointer), pointer: pointer.as_str().to_owned(), text: error.masked().to_string() }
        })
        .collect()
}

/// "Matches none of these" helps nobody: the alternative that got furthest says what is wrong.
fn deepest<'e, 'i>(error: &'e ValidationError<'i>) -> &'e ValidationError<'i> {
    let context = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context,
        _ => return error,
    };
    let depth = |e: &ValidationError| e.instance_path().into_iter().count();
    let inner = context.iter().flatten().map(deepest).max_by_key(|e| depth(e));
    inner.filter(|e| depth(e) > depth(error)).unwrap_or(error)
}

fn read(text: &str) -> Result<Value, Violation> {
    // By way of serde_yaml's own value, which refuses a key that stands twice; serde_json's would keep the last one.
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| Violation {
        line: error.location().map_or(1, |l| l.line()),
        pointer: String::new(),
        text: error.to_string(),
    })?;
    json(value).map_err(|text| Violation { line: 1, pointer: String::new(), text })
}

fn json(value: serde_yaml::Value) -> Result<Value, String> {
    Ok(match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(b) => Value::Bool(b),
        serde_yaml::Value::Number(n) => serde_json::to_value(n).map_err(|e| e.to_string())?,
        serde_yaml::Value::String(s) => Value::String(s),
        serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        serde_yaml::Value::Mapping(rows) => {
            Value::Object(rows.into_iter().map(|(k, v)| Ok((key(k)?, json(v)?))).collect::<Result<_, String>>()?)
        }
        serde_yaml::Value::Tagged(tagged) => json(tagged.value)?,
    })
}

/// Vendors take a number or boolean as a key by its text.
fn key(key: serde_yaml::Value) -> Result<String, String> {
    match key {
        serde_yaml::Value::String(s) => Ok(s),
        serde_yaml::Value::Bool(b) => Ok(b.to_string()),
        serde_yaml::Value::Number(n) => Ok(n.to_string()),
        serde_yaml::Value::Null
        | serde_yaml::Value::Sequence(_)
        | serde_yaml::Value::Mapping(_)
        | serde_yaml::Value::Tagged(_) => Err(format!("a key is {key:?}")),
    }
}

/// The line at which the value of a path starts; the nearest known one above it when the path ends in something that is not there.
fn line_of(text: &str, path: &Location) -> usize {
    let wanted: Vec<LocationSegment<'_>> = path.into_iter().collect();
    // For each open collection: whether it is a mapping, the child being read, and whether the next event is a key.
    let mut open: Vec<Level> = Vec::new();
    let mut best = (0, 1);
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let starts = match event {
            Event::Scalar(ref value, ..) => {
                if let Some(Level { key: Some(key), expects_key: true, .. }) = open.last_mut() {
                    *key = value.to_string();
                    if let Some(level) = open.last_mut() {
                        level.expects_key = false;
                    }
                    if matches(&open, &wanted) && open.len() > best.0 {
                        best = (open.len(), span.start.line());
                    }
                    continue;
                }
                true
            }
            Event::Alias(_) | Event::MappingStart(..) | Event::SequenceStart(..) => true,
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                finish_child(&mut open);
                continue;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => false,
        };
        if !starts {
            continue;
        }
        if matches(&open, &wanted) && open.len() > best.0 {
            best = (open.len(), span.start.line());
        }
        match event {
            Event::MappingStart(..) => open.push(Level { key: Some(String::new()), index: 0, expects_key: true }),
            Event::SequenceStart(..) => open.push(Level { key: None, index: 0, expects_key: false }),
            _ => finish_child(&mut open),
        }
    }
    best.1
}

struct Level {
    /// The key being read, in a mapping.
    key: Option<String>,
    /// The position of the item being read, in a sequence.
    index: usize,
    expects_key: bool,
}

fn matches(open: &[Level], wanted: &[LocationSegment<'_>]) -> bool {
    open.len() <= wanted.len()
        && open.iter().zip(wanted).all(|(level, segment)| match segment {
            LocationSegment::Property(name) => level.key.as_deref() == Some(name) && !level.expects_key,
            LocationSegment::Index(index) => level.key.is_none() && level.index == *index,
        })
}

fn finish_child(open: &mut [Level]) {
    if let Some(level) = open.last_mut() {
        level.index += 1;
        level.expects_key = level.key.is_some();
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, check, violations};
    use crate::base::failure::Failure;
    use crate::render::Output;

    const GOOD: &str = "name: x\non: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: 'true'\n";

    fn lines(schema: Schema, text: &str) -> Vec<usize> {
        violations(schema, text).iter().map(|v| v.line).collect()
    }

    #[test]
    fn good_files_pass() {
        assert_eq!(violations(Schema::GithubWorkflow, GOOD), []);
        assert_eq!(violations(Schema::GitlabCi, "stages: [a]\nx:\n  stage: a\n  script:\n    - 'true'\n"), []);
        assert_eq!(violations(Schema::Buildspec, "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"), []);
        assert!(check(&Output::new("README.md", "no yaml: [")).is_ok());
    }

    #[test]
    fn an_error_has_the_line_of_its_place() {
        assert_eq!(lines(Schema::GithubWorkflow, &GOOD.replace("ubuntu-24.04", "ubuntu\n    timeout-minutes: soon")), [6]);
        assert_eq!(lines(Schema::GithubWorkflow, &GOOD.replace("push", "pusch")), [2]);
        assert_eq!(lines(Schema::GithubWorkflow, &GOOD.replace("- run: 'true'", "- run: 'true'\n        bogus: 1")), [7]);
        assert_eq!(lines(Schema::GitlabCi, "stages: [a]\nx:\n  script: 'true'\n  when: perhaps\n"), [4]);

        assert_eq!(lines(Schema::Buildspec, "version: 0.2\nphases:\n  build:\n    commands:\n      - a: b\n"), [5]);
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        let found = violations(Schema::GithubWorkflow, &GOOD.replace("name: x", "name: x\nname: y"));
        assert!(found.len() == 1 && found[0].text.contains("duplicate"), "{found:?}");
        assert_eq!(violations(Schema::GithubWorkflow, "a: [\n").len(), 1);
    }

    #[test]
    fn a_refused_output_is_our_bug() {
        let output = Output::new("x/.github/workflows/ci.yml", GOOD.replace("push", "pusch"));
        let Err(Failure::Internal(text)) = check(&output) else { panic!("it passes") };
        assert!(text.contains("x/.github/workflows/ci.yml:2: /on"), "{text}");
    }
}
