//! What the reader says about the mistakes that KDL makes easy: the rule, the place, and the corrected text in the help.

use pipewright::base::diag::Diagnostic;
use pipewright::base::span::SourceId;
use pipewright::syntax::parse::read;

fn findings(text: &str) -> Vec<Diagnostic> {
    read(SourceId(0), text).1.into_iter().collect()
}

/// Text, rule, the characters the finding stands at, a part of its help.
const SAID: &[(&str, &str, &str, &str)] = &[
    ("timeout 5m", "unquoted-value", "5m", "write \"5m\""),
    ("at-most 5%", "unquoted-value", "5%", "write \"5%\""),
    ("size 512MiB; x", "unquoted-value", "512MiB", "write \"512MiB\""),
    ("tools go=1.22.3 {}", "unquoted-value", "1.22.3", "write \"1.22.3\""),
    ("until 2027-01-01", "unquoted-value", "2027-01-01", "write \"2027-01-01\""),
    ("rate .5", "unquoted-value", ".5", "write 0.5"),
    ("push feature/* {\n}\n", "unquoted-value", "feature/*", "write \"feature/*\""),
    ("push feature/* a */ b", "unquoted-value", "feature/*", "write \"feature/*\""),
    ("run cd /tmp", "unquoted-value", "/tmp", "write \"/tmp\""),
    ("paths docs/api b", "unquoted-value", "docs/api", "write \"docs/api\""),
    ("url https://example.com/x", "unquoted-value", "https://example.com/x", "write \"https://example.com/x\""),
    ("tag v[0-9]*", "unquoted-value", "v[0-9]*", "write \"v[0-9]*\""),
    ("run ${{ github.sha }} b", "unquoted-value", "${{ github.sha }}", "write \"${{ github.sha }}\""),
    ("image ${const.IMAGE}", "unquoted-value", "${const.IMAGE}", "write \"${const.IMAGE}\""),
    ("image x-${const.TAG}:y z", "unquoted-value", "x-${const.TAG}:y", "write \"x-${const.TAG}:y\""),
    ("run 'make'", "unquoted-value", "'make'", "write \"make\""),
    ("run “make”", "unquoted-value", "“make”", "write \"make\""),
    ("run 'make all'", "unquoted-value", "'make", "between `\"`"),
    ("channel #deploys", "unquoted-value", "#deploys", "write \"#deploys\""),
    ("path C:\\x", "unquoted-value", "C:\\x", "write #\"C:\\x\"#"),
    ("lfs true", "kdl1-habit", "true", "write #true"),
    ("x a=null", "kdl1-habit", "null", "write #null"),
    ("x #True", "kdl-syntax", "#True", "write #true"),
    ("run r\"a\\d\"", "kdl1-habit", "r\"a\\d\"", "write #\"a\\d\"#"),
    ("run r#\"a\"#", "kdl1-habit", "r#\"a\"#", "write #\"a\"#"),
    ("/- kdl-version 1\na", "kdl1-habit", "1", "kdl-version 2"),
    ("# deploys\njob a", "yaml-habit", "#", "write `// deploys`"),
    ("job a # the first", "yaml-habit", "#", "write `// the first`"),
    ("name: ci", "yaml-habit", "name:", "write `name`"),
    ("x name: ci", "yaml-habit", "name:", "name=value"),
    ("- lint", "yaml-habit", "-", "needs lint test"),
    ("needs a, b", "yaml-habit", "a,", "write a"),
    ("needs [a b]", "yaml-habit", "[", "needs lint test"),
    ("timeout = \"5m\"", "kdl-syntax", "=", "write `timeout"),
    ("stage a { b } c", "missing-semicolon", "c", "write `}; c`"),
    ("x a=", "kdl-syntax", "=", "directly behind"),
    ("x (secret)a=b", "kdl-syntax", "=", "name=(secret)VALUE"),
    ("x 1=2", "kdl-syntax", "1", "\"1\"=…"),
    ("x \"\\d+\"", "kdl-syntax", "\\d", "`#\"\\d+\"#`"),
    ("x \"\\u00e9\"", "kdl-syntax", "\\u00e9", "in braces"),
    ("x \"a\u{202E}b\"", "kdl-syntax", "\u{202E}", "\\u{202E}"),
    ("x \"\\u{0}\"", "kdl-syntax", "\\u{0}", "remove it"),
    ("x \"a", "kdl-syntax", "\"a", "closing `\"`"),
    ("x \"\"\"a\"\"\"", "kdl-syntax", "\"\"\"", "break the line"),
    ("x \"\"\"\n  a\n b\n  \"\"\"", "kdl-syntax", " b", "indent it"),
    ("x ##\"\"\"\n", "kdl-syntax", "##\"\"\"", "`\"\"\"##`"),
    ("x /* a", "kdl-syntax", "/*", "write `*/`"),
    ("a {\n    b {\n        c\n}\n", "kdl-syntax", "{", "missing `}`"),
    ("}", "kdl-syntax", "}", "remove it"),
    ("job a\n{\n}\n", "kdl-syntax", "{", "on the line of its node"),
];

#[test]
fn each_habit_is_named_placed_and_corrected() {
    for (text, rule, place, help) in SAID {
        let found = findings(text);
        let first = found.first().unwrap_or_else(|| panic!("{text:?} is accepted"));
        let at = &text[first.span.start as usize..first.span.end as usize];
        assert_eq!((first.rule, at), (*rule, *place), "{text:?}: {}", first.message);
        let said = first.help.as_deref().unwrap_or_default();
        assert!(said.contains(help), "{text:?}: help is {said:?}");
        assert_eq!(found.len(), 1, "{text:?}: {found:#?}");
    }
}

#[test]
fn a_fix_mends_what_it_is_for() {
    for (text, ..) in SAID {
        for finding in findings(text) {
            let Some(fix) = finding.fix else { continue };
            let mut mended = (*text).to_owned();
            for (span, new) in fix.edits.iter().rev() {
                mended.replace_range(span.start as usize..span.end as usize, new);
            }
            let left = findings(&mended);
            assert!(left.iter().all(|f| f.span.start > finding.span.start), "{text:?} became {mended:?}: {left:#?}");
        }
    }
}

#[test]
fn legal_words_are_left_alone() {
    let text =
        "push main \"feature/*\" v1 node:20 a.b -x ~y *.rs\njob \"x:\" { run \"a, b\" 'don''t'=1 }\nimage node:20 // note\n";
    let found = findings(text);
    let serious: Vec<_> = found.iter().map(|f| f.span.start).collect();
    assert_eq!(serious, [text.find("'don").expect("there") as u32], "{found:#?}");
}

#[test]
fn several_errors_in_one_run_one_a_line() {
    let text = "a 5m 6m\nb \"x\nc {\n    d true\n    e = 1\n}\nf ok\n}\ng /x\n";
    let lines: Vec<_> = findings(text).iter().map(|f| text[..f.span.start as usize].matches('\n').count() + 1).collect();
    assert_eq!(lines, [1, 2, 4, 5, 8, 9], "{:#?}", findings(text));
}

#[test]
fn what_can_be_read_around_errors_is_read() {
    let (document, found) = read(SourceId(0), "a 5m {\n    b x\n}\nc = 1 {\n    d y=\n    e\n}\nf\n");
    assert_eq!(found.len(), 3);
    let names: Vec<_> = document.nodes.iter().map(|n| n.name()).collect();
    assert_eq!(names, ["a", "c", "f"]);
    assert_eq!(document.nodes[1].children().len(), 2);
}

#[test]
fn an_unclosed_block_is_sought_by_its_indentation() {
    let text = "a {\n    b {\n        c\n    d {\n        e\n    }\n}\nf {\n    g\n}\n";
    let found = findings(text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span.start as usize, text.find("{\n        c").expect("there"));
}
