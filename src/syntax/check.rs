//! The checker: a tree against the table of nodes. Every finding is located and says what to write instead.
//!
//! It runs after expansion, so that it sees what templates made. A spec that passes can be read without looking back: what is required
//! is there, what is single stands once, and every value has the form its row asks for.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::Span;
use crate::syntax::check::actions::Actions;
use crate::syntax::check::words::listed;
use crate::syntax::hint;
use crate::syntax::read::Source;
use crate::syntax::shape::{self, Arg, Place, Shape, Times, ValueType, top};
use crate::syntax::tree::{Document, Entry, Node};

pub mod actions;
mod block;
mod call;
pub mod value;
mod words;

/// A node that may not stand where it stands.
pub const UNKNOWN_NODE: &str = "unknown-node";
/// A property that the node does not have.
pub const UNKNOWN_PROPERTY: &str = "unknown-property";
/// An argument too many.
pub const SURPLUS_ARGUMENT: &str = "surplus-argument";
/// An argument too few.
pub const MISSING_ARGUMENT: &str = "missing-argument";
/// A property given twice.
pub const REPEATED_PROPERTY: &str = "repeated-property";
/// A node that may stand once, twice.
pub const REPEATED_NODE: &str = "repeated-node";
/// A value of the wrong form.
pub const WRONG_VALUE_TYPE: &str = "wrong-value-type";
/// A node that must stand and does not.
pub const MISSING_NODE: &str = "missing-node";
/// A property that must stand and does not.
pub const MISSING_PROPERTY: &str = "missing-property";
/// A name that a vendor would not take.
pub const BAD_NAME: &str = "bad-name";
/// A value behind a flag.
pub const FLAG_TAKES_NO_VALUE: &str = "flag-takes-no-value";

/// The rules of the checker, with a line on each.
pub const RULES: &[(&str, &str)] = &[
    (UNKNOWN_NODE, "a node stands where it means nothing"),
    (UNKNOWN_PROPERTY, "a node has no property of that name"),
    (SURPLUS_ARGUMENT, "a node has more values than it takes"),
    (MISSING_ARGUMENT, "a node lacks a value"),
    (REPEATED_PROPERTY, "a property is given twice"),
    (REPEATED_NODE, "a node that may stand once stands twice"),
    (WRONG_VALUE_TYPE, "a value has not the form that is asked for"),
    (MISSING_NODE, "a node that must stand is missing"),
    (MISSING_PROPERTY, "a setting that must be given is missing"),
    (BAD_NAME, "a name is not one that every vendor takes"),
    (FLAG_TAKES_NO_VALUE, "a flag has a value"),
];

/// Checks an expanded document. `end` is the place to speak of what the whole file lacks.
pub fn check(document: &Document<'_>, actions: &Actions, end: Span) -> Diagnostics {
    let mut checker = Checker { actions, found: Diagnostics::new() };
    checker.block(&top::FILE, &document.nodes, "the file", end);
    checker.found
}

/// Checks one node and what is in it against a row; expansion does so with nodes that it takes away.
pub fn check_node(node: &Node<'_>, shape: &'static Shape) -> Diagnostics {
    let mut checker = Checker { actions: &Actions::default(), found: Diagnostics::new() };
    checker.node(shape, node);
    checker.found
}

struct Checker<'c> {
    actions: &'c Actions,
    found: Diagnostics,
}

impl Checker<'_> {
    fn node(&mut self, shape: &'static Shape, node: &Node<'_>) {
        if let Some(ty) = &node.ty {
            self.found.push(
                Diagnostic::error(WRONG_VALUE_TYPE, ty.span, format!("the node `{}` takes no annotation", node.name()))
                    .help("`(secret)` and `(var)` stand before values"),
            );
        }
        self.arguments(shape, node);
        self.properties(shape, node);
        self.settings(shape, node);
        if !shape.foreign {
            self.block(shape, node.children(), &format!("`{}`", node.name()), node.head());
        }
        if shape.id == "action" {
            self.action_name(node);
        }
    }

    fn arguments(&mut self, shape: &'static Shape, node: &Node<'_>) {
        let words: Vec<&str> = shape.flags.iter().filter(|f| f.word).map(|f| f.name).collect();
        for (index, word) in words.iter().enumerate() {
            let mut standing = node.args().filter(|a| a.is_word(word));
            if let (Some(_), Some(again)) = (standing.next(), standing.next()) {
                self.found.push(Diagnostic::error(REPEATED_PROPERTY, again.span, format!("`{}` is said twice", words[index])));
            }
        }
        let given = node.args_without(&words);
        let mut rest = given.as_slice();
        for wanted in shape.args {
            let count = match wanted.times {
                Times::One | Times::Optional => rest.len().min(1),
                Times::Any | Times::Some => rest.len(),
            };
            if count == 0 && matches!(wanted.times, Times::One | Times::Some) {
                self.found.push(missing_argument(shape, node, wanted));
                return;
            }
            let (mine, others) = rest.split_at(count);
            mine.iter().for_each(|entry| self.value(wanted.ty, entry, wanted.name));
            rest = others;
        }
        if let Some(first) = rest.first() {
            self.surplus(shape, node, first);
        }
    }

    fn surplus(&mut self, shape: &'static Shape, node: &Node<'_>, entry: &Entry<'_>) {
        let name = node.name();
        let text = entry.as_text();
        let takes = match shape.args {
            [] => format!("`{name}` takes no values"),
            [one] => format!("`{name}` takes one value: its {}", one.name),
            several => format!("`{name}` takes {} values", several.len()),
        };
        let known = entry.ty.is_none() && shape::is_node_word(&text);
        let error = if known {
            Diagnostic::error(hint::MISSING_SEMICOLON, entry.span, format!("{takes}; `{text}` looks like a node of its own"))
                .help(format!("put a `;` before `{text}`, or start a new line"))
        } else {
            Diagnostic::error(SURPLUS_ARGUMENT, entry.span, format!("{takes}; this one is too many"))
        };
        let error = match shape.every_setting().find(|s| s.place != Place::Child) {
            _ if known => error,
            Some(_) => {
                let names = shape.every_setting().filter(|s| s.place != Place::Child).map(|s| format!("{}=", s.name));
                error.help(format!("remove it, or name it: {}", listed(names)))
            }
            None => error.help("remove it"),
        };
        self.found.push(error);
    }

    fn properties(&mut self, shape: &'static Shape, node: &Node<'_>) {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for (name, entry) in node.props() {
            if let Some((_, first)) = seen.iter().find(|(n, _)| *n == name) {
                self.found.push(
                    Diagnostic::error(REPEATED_PROPERTY, entry.span, format!("`{name}` is given twice"))
                        .related(*first, "first here")
                        .help("keep one: KDL would take the last in silence"),
                );
            } else {
                seen.push((name, entry.span));
            }
            match shape.setting(name).filter(|s| s.place != Place::Child) {
                Some(setting) => self.value(setting.ty, entry, name),
                None => self.other_property(shape, node, name, entry),
            }
        }
        if shape.open.is_some_and(|o| o.required) && node.props().all(|(n, _)| shape.setting(n).is_some()) {
            let open = shape.open.map_or("", |o| o.name);
            self.found.push(
                Diagnostic::error(MISSING_PROPERTY, node.head(), format!("`{}` needs a property", node.name()))
                    .help(format!("write {open}=value, as in `{}`", shape.example)),
            );
        }
    }

    fn other_property(&mut self, shape: &'static Shape, node: &Node<'_>, name: &str, entry: &Entry<'_>) {
        let span = entry.name.as_ref().map_or(entry.span, |n| n.span);
        let owner = node.name();
        if let Some(open) = shape.open {
            self.found.extend(value::name(open.key, name, span));
            self.value(open.ty, entry, name);
        } else if shape.flag(name).is_some() {
            self.found.push(
                Diagnostic::error(FLAG_TAKES_NO_VALUE, entry.span, format!("`{name}` is a flag and takes no value"))
                    .help(format!("write `{name}` alone, or leave it out")),
            );
        } else if shape.block_words().any(|w| w == name) {
            self.found.push(
                Diagnostic::error(UNKNOWN_PROPERTY, span, format!("`{name}` of `{owner}` is a node of its own, not a property"))
                    .help(format!("write it in the block: {owner} … {{ {name} … }}")),
            );
        } else {
            let names: Vec<&str> = shape.every_setting().filter(|s| s.place != Place::Child).map(|s| s.name).collect();
            let error = Diagnostic::error(UNKNOWN_PROPERTY, span, format!("`{owner}` has no property `{name}`"));
            self.found.push(words::suggest(error, name, &names, "it has"));
        }
    }

    /// What must be given, and what is given both as a property and as a child.
    fn settings(&mut self, shape: &'static Shape, node: &Node<'_>) {
        for setting in shape.every_setting() {
            let name = setting.name;
            let prop = node.prop(name).filter(|_| setting.place != Place::Child);
            let child = node.child(name).filter(|_| setting.place != Place::Property && shape.child(name).is_none());
            match (prop, child) {
                (Some(prop), Some(child)) if !setting.list => self.found.push(
                    Diagnostic::error(REPEATED_PROPERTY, child.head(), format!("`{name}` is given twice"))
                        .related(prop.span, "first here")
                        .help("keep one: the property or the node in the block"),
                ),
                (None, None) if setting.required => {
                    let value = words::sample(setting.ty);
                    let form = if setting.place == Place::Child { format!("{name} {value}") } else { format!("{name}={value}") };
                    let error = Diagnostic::error(MISSING_PROPERTY, node.head(), format!("`{}` needs `{name}`", node.name()));
                    self.found.push(error.help(format!("write `{form}`: {}", setting.doc)));
                }
                _ => {}
            }
        }
    }

    fn value(&mut self, ty: ValueType, entry: &Entry<'_>, what: &str) {
        self.found.extend(value::check(ty, entry, what));
    }
}

fn missing_argument(shape: &'static Shape, node: &Node<'_>, wanted: &Arg) -> Diagnostic {
    Diagnostic::error(MISSING_ARGUMENT, node.head(), format!("`{}` needs its {}: {}", node.name(), wanted.name, wanted.doc))
        .help(format!("write it as in `{}`", shape.example))
}

/// Whether an annotation is one of ours.
pub(super) fn known_annotation(entry: &Entry<'_>) -> bool {
    matches!(entry.source(), Some(Source::Secret | Source::Variable))
}

#[cfg(test)]
mod tests {
    use super::actions::Actions;
    use super::check;
    use crate::base::diag::Diagnostic;
    use crate::base::source::SourceMap;
    use crate::base::span::Span;
    use crate::syntax::parse::parse;
    use crate::syntax::shape;

    fn found(text: &str) -> Vec<Diagnostic> {
        let sources = SourceMap::new();
        let id = sources.add("pipeline.kdl", format!("pipeline p {{ language 1 }}\n{text}"));
        let (document, errors) = parse(id, &sources.file(id).text);
        assert!(errors.is_empty(), "{:?}", errors.iter().map(|d| &d.message).collect::<Vec<_>>());
        let mut actions = Actions::default();
        actions.declare(&document);
        check(&document, &actions, Span::default()).finish()
    }

    fn clean(text: &str) {
        let found: Vec<String> = found(text).iter().map(|d| format!("{}: {} ({:?})", d.rule, d.message, d.help)).collect();
        assert!(found.is_empty(), "{text}\n{found:#?}");
    }

    fn job(body: &str) -> String {
        format!("workflow w {{\n on {{ push main }}\n job j {{\n{body}\n}}\n}}")
    }

    #[track_caller]
    fn one(text: &str, rule: &str, says: &str) {
        let found = found(text);
        let all: Vec<String> =
            found.iter().map(|d| format!("{}: {} [{}]", d.rule, d.message, d.help.as_deref().unwrap_or(""))).collect();
        assert_eq!(all.len(), 1, "{text}\n{all:#?}");
        assert!(found[0].rule == rule && all[0].contains(says), "{text}\nwant {rule} {says}\n{all:#?}");
        assert!(found[0].help.is_some(), "every finding names the way out: {all:?}");
    }

    #[test]
    fn ids_are_unique_and_rows_agree_with_themselves() {
        let all = shape::all();
        for shape in &all {
            assert_eq!(all.iter().filter(|s| s.id == shape.id).count(), 1, "{}", shape.id);
            assert!(
                shape.id == shape.name
                    || shape.name.is_empty()
                    || shape.id.ends_with(&format!(".{}", shape.name))
                    || shape.id.contains('.'),
                "{}",
                shape.id
            );
            let mut words: Vec<&str> = shape.block_words().collect();
            words.extend(shape.every_setting().filter(|s| s.place == shape::Place::Property).map(|s| s.name));
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count, "`{}` has a word twice", shape.id);
        }
    }

    #[test]
    fn the_examples_of_the_rows_have_the_shape_of_their_row() {
        for shape in shape::all().into_iter().filter(|s| !s.name.is_empty()) {
            let sources = SourceMap::new();
            let id = sources.add("example", shape.example);
            let (document, errors) = parse(id, &sources.file(id).text);
            assert!(errors.is_empty() && document.nodes.len() == 1, "{}: {errors:?}", shape.id);
            let found = super::check_node(&document.nodes[0], shape).finish();
            assert!(found.is_empty(), "{}: {:?}", shape.id, found.iter().map(|d| &d.message).collect::<Vec<_>>());
            assert_eq!(document.nodes[0].name(), shape.name);
        }
    }

    #[test]
    fn the_forms_of_the_language_pass() {
        clean(&job(r#"
            needs a b; after c; when always; if "!input.skip"; requires coverage
            runner large; timeout "5m"; retry 2; shell sh; docker; working-directory api
            toolchain node="20" cache=auto install
            tools kubectl="1.30" jq
            cache npm
            cache "build/.cache" key="x" files="lock"
            checkout depth=0 lfs
            service postgres image="postgres:16" port=5432 { env POSTGRES_PASSWORD=test; ready "pg_isready -U postgres" every="5s" }
            matrix { axis node "18" "20"; exclude node="18" os=windows; include node="23" os=linux experimental=#true; max-parallel 4; fail-fast }
            env A=1 B=two C=(secret)C
            run "npm ci" "npm test"
            run name="Integration" dir=api { line "make"; env LEVEL=debug; if "input.level == 'high'"; timeout "5m"; continue-on-error }
            docker-build api registry=ghcr context="." {
                tag "${commit.sha}"; tag latest if="commit.branch == 'main'"; build-arg VERSION="1"; platforms "linux/amd64" "linux/arm64"
                push if="run.event != 'pull-request'"
            }
            ssh host=(secret)H user=(secret)U key=(secret)K known-hosts=(secret)KH { run "uptime" }
            image-promote api from=a to=b
            produces coverage "coverage.xml" keep="7d" when=always
            consumes dist other
            output version
            report coverage "coverage.xml" format=cobertura
            gate coverage percent file="coverage.xml" xpath="/coverage/@line-rate" scale=100 at-least="80%"
            gate no-vulns findings file="trivy.sarif" format=sarif { critical 0; high 0; medium 4 }
            gate bundle-size size file="bundle.json" json=".total" unit=B at-most="512KiB" { advisory }
            environment production purpose=rollback
            permissions pr-comment security-upload
            allow-failure { exit-codes 42 }
            concurrency per=branch cancel-running
            notify team on=failure "text"
            finally { run "down" }
            raw github { anything here=1 { goes 2 } }
        "#));
        clean(
            r##"
            target github { workflows w; check-drift }
            target gitlab standby tier=premium { tags docker }
            secret A B { jobs j }
            variable R "eu"
            registry ghcr "ghcr.io/example"
            team devops { github "example/devops"; gitlab "example/devops" }
            value version { on tag "${commit.tag}"; otherwise "x" }
            runner large { github "ubuntu-24.04-16core"; gitlab tags=large }
            events mainline { push main; tag "v*"; branch main; manual branch=main; schedule nightly }
            channel team slack webhook=(secret)SLACK
            channel ops email to="ops@example.com" smtp="smtp.example.com:587" user=ci password=(secret)P
            gate go-live { approval { from devops; count 2; via native; timeout "3d"; message "?"; checklist "a" "b"; exclude-author } }
            gate healthy { probe http="https://api.example.com/health" status=200 every="30s" for="5m" }
            gate error-rate { query prometheus=#"sum(x{y="z"})"# unit=ratio address=(var)P; at-most "5%"; samples 3 every="1m"; no-data fail }
            gate policy { check { run "conftest test k8s/" } }
            gate freeze { window { deny "Fri 16:00" "Mon 08:00" timezone="Europe/Berlin" }; advisory }
            environment staging { tier staging; url "https://s.example.com"; after dev strict; allow { push develop; manual }; requires coverage
                env LOG_LEVEL=info; secret DB from="ci:DB"; cluster kubeconfig=(secret)KUBE namespace=n; identity aws role=(var)R region=(var)S
                purpose deploy; concurrency 1 }
            workflow w {
                on mainline { push; pull-request main "release/*" { head "hotfix/*"; types opened updated; exclude-forks }
                    schedule nightly "0 3 * * *" timezone="Europe/Berlin"; release published; dedupe
                    manual { input level type=choice { option low high }; input v type=string required; input s type=boolean default=#false } }
                budget "10m"
                stage b { needs none; only mainline; requires coverage
                    deploy staging to=staging { run "x"; smoke-test "y"; monitor healthy; rollback "z"; rollback-check "x" } }
            }
            action rollback-check { input what argument; input level default=high { option high low }; for github gitlab { run "${input.what}" } }
            repository { commit-messages conventional; branch-names "feature/*"; protect main { checks j; approvals 1; strict } }
            accept gitlab approval-count reason="by hand" until="2027-06-30"
            test "t" { event manual workflow=w v="1"; expect runs j; expect staging behind=go-live after=j }
        "##,
        );
    }

    #[test]
    fn findings_say_what_to_write() {
        one(&job("rnu \"x\""), "unknown-node", "did you mean `run`?");
        one(&job("approval { from a }"), "unknown-node", "it stands in `gate`");
        one(&job("run: \"x\""), "yaml-habit", "write `run …`");
        one(&job("deploy-it \"x\""), "unknown-node", "action deploy-it");
        one(&job("run \"x\" dri=a"), "unknown-property", "did you mean `dir`?");
        one(&job("checkout depht=0"), "unknown-property", "did you mean `depth`?");
        one(&job("run \"x\" env=1"), "unknown-property", "write it in the block");
        one(&job("timeout \"5m\" \"6m\""), "surplus-argument", "takes one value");
        one(&job("timeout \"5m\" run"), "missing-semicolon", "put a `;` before `run`");
        one("environment e a", "surplus-argument", "too many");
        one("environment", "missing-argument", "its name");
        one(&job("timeout"), "missing-argument", "write `timeout \"10m\"`");
        one(&job("run \"x\" name=a name=b"), "repeated-property", "take the last in silence");
        one(&job("run \"x\" name=a { name b }"), "repeated-property", "keep one");
        one(&job("timeout \"5m\"; timeout \"6m\""), "repeated-node", "stands twice");
        one(&job("service a image=b; service a image=c"), "repeated-node", "`service a` stands twice");
        one(&job("toolchain node=3.10"), "wrong-value-type", "write \"3.10\"");
        one(&job("timeout 5"), "wrong-value-type", "\"5m\" for minutes");
        one(&job("retry \"2\""), "wrong-value-type", "write 2 without quotes");
        one(&job("when sucess"), "wrong-value-type", "did you mean `success`?");
        one(&job("env A=#null"), "wrong-value-type", "leave it out");
        one(&job("env A=(secert)B"), "wrong-value-type", "did you mean `secret`?");
        one(&job("timeout (var)T"), "wrong-value-type", "known before the run");
        one(&job("docker-build api push=#false"), "unknown-property", "in the block");
        one(&job("env A-B=c"), "bad-name", "`A_B`");
        one("environment Prod", "bad-name", "`prod`");
        one(&job("docker #true"), "flag-takes-no-value", "alone");
        one(&job("checkout lfs=#true"), "flag-takes-no-value", "alone");
        one("workflow w { job j { run \"x\" } }", "missing-node", "add `on");
        one("channel a slack webhook=\"https://x\"", "wrong-value-type", "(secret)NAME");
        one("target jenkins", "wrong-value-type", "github, gitlab");
        one(&job("ssh host=a user=b key=(secret)K { run x }"), "missing-property", "known-hosts");
        one("action run { for github { run \"x\" } }", "bad-name", "something else");
        let call = |body: &str| {
            format!("action a {{ input x; input k argument {{ option alpha beta }}; for github {{ run \"x\" }} }}\n{}", job(body))
        };
        clean(&call("a alpha x=1 if=\"true\" { env A=1; timeout \"5m\" }"));
        one(&call("a alpha"), "missing-property", "`x=…`");
        one(&call("a x=1"), "missing-argument", "needs its input `k`");
        one(&call("a gamma-ray x=1"), "wrong-value-type", "it takes: alpha, beta");
        one(&call("a alpha beta x=1"), "surplus-argument", "no further value");
        one(&call("a alpha x=1 colour=2"), "unknown-property", "it has");
    }
}
