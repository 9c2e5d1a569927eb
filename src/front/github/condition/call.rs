//! Functions in a condition: parts of text, and lists.

use crate::front::github::expr::Gh;
use crate::front::logic::{Part, or};

use super::Maker;

impl Maker<'_> {
    pub(super) fn call(&mut self, name: &str, arguments: &[Gh]) -> Option<Part> {
        if let ("contains", [Gh::Call(json, list), Gh::Path(path)]) = (name, arguments)
            && let ("fromjson", [Gh::Text(list)]) = (json.as_str(), list.as_slice())
        {
            return self.one_of(list, path);
        }
        if let ("contains", [Gh::Path(path), Gh::Text(wanted)]) = (name, arguments)
            && let [needs, star, result] = path.as_slice()
            && (needs.as_str(), star.as_str(), result.as_str()) == ("needs", "*", "result")
        {
            return self.any_need(wanted);
        }
        let [subject, Gh::Text(wanted)] = arguments else {
            return self.no(format!("`{name}()` has no match in a spec"));
        };
        let Gh::Path(path) = subject else {
            // contains(fromJSON('["a", "b"]'), x) and its like.
            return self.no(format!("`{name}()` has no match in a spec"));
        };
        if path.iter().any(|w| w == "*") {
            return self.no("a list of the event has no match in a spec");
        }
        let lower = path.join(".").to_ascii_lowercase();
        let (context, rest) = match (lower.as_str(), name) {
            ("github.ref", _) if self.scope.has_unknown_ref() => {
                return self.no("only the run knows the branch of an event of GitHub's own");
            }
            ("github.ref", "startswith") => {
                if let Some(rest) = wanted.strip_prefix("refs/heads/") {
                    ("commit.branch".to_owned(), rest)
                } else if let Some(rest) = wanted.strip_prefix("refs/tags/") {
                    ("commit.tag".to_owned(), rest)
                } else if wanted == "refs/pull/" {
                    return Some(Part::Text("run.event == 'pull-request'".to_owned(), 2));
                } else {
                    return self.no("only branches and tags have names in a spec");
                }
            }
            ("github.ref", _) => {
                ("commit.ref".to_owned(), wanted.trim_start_matches("refs/tags/").trim_start_matches("refs/heads/"))
            }
            ("runner.os", "contains" | "startswith") => {
                let own = wanted.to_ascii_lowercase();
                let hits: Vec<&str> = ["Linux", "Windows", "macOS"]
                    .into_iter()
                    .filter(|s| {
                        let system = s.to_ascii_lowercase();
                        if name == "contains" { system.contains(&own) } else { system.starts_with(&own) }
                    })
                    .collect();
                return match hits.as_slice() {
                    [one] => self.system(one),
                    _ => self.no("the text is no name of one system"),
                };
            }
            ("github.event_name", "startswith") if wanted == "pull_request" && self.scope.own.is_empty() => {
                return self.event("pull_request");
            }
            _ => (self.context(path)?, wanted.as_str()),
        };
        if let Some((axis, _)) = &self.scope.job.runner_axis
            && context == format!("matrix.{axis}")
        {
            return self.runner(name, wanted);
        }
        if rest.contains(['*', '?', '[', ']', '{', '}', '\\', '\'']) {
            return self.no("the text has signs that a glob reads in its own way");
        }
        let glob = match name {
            "startswith" => format!("{rest}**"),
            "endswith" => format!("**{rest}"),
            "contains" => format!("**{rest}**"),
            _ => return self.no(format!("`{name}()` has no match in a spec")),
        };
        Some(Part::Text(format!("{context} matches '{glob}'"), 2))
    }

    /// `contains(needs.*.result, 'failure')`: one of the needed jobs ended so.
    fn any_need(&mut self, wanted: &str) -> Option<Part> {
        let mut any = Part::Known(false);
        for need in self.scope.job.needs.clone() {
            let path = Gh::Path(vec!["needs".to_owned(), need, "result".to_owned()]);
            any = or(any, self.equal(&path, &Gh::Text(wanted.to_owned()))?);
        }
        Some(any)
    }

    /// `contains(fromJSON('["a", "b"]'), context)`
    pub(super) fn one_of(&mut self, list: &str, path: &[String]) -> Option<Part> {
        let Ok(words) = serde_json::from_str::<Vec<String>>(list) else {
            return self.no("the list holds other things than text");
        };
        if words.iter().any(|w| w.contains('\'')) {
            return self.no("the text has a quote in it");
        }
        let path = Gh::Path(path.to_vec());
        let parts: Option<Vec<Part>> = words.iter().map(|w| self.equal(&path, &Gh::Text(w.clone()))).collect();
        parts.map(|p| p.into_iter().fold(Part::Known(false), or))
    }
}
