//! Regular expressions as globs, where a glob says the same.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetItem, GroupKind, RepetitionKind, RepetitionRange};

use crate::ir::glob::{Glob, GlobPiece};

/// Longest expression that is read, in bytes.
const LONGEST: usize = 500;

/// The glob that matches the names in which the expression is found; none where it says more than a glob can.
pub fn glob(regex: &str) -> Option<String> {
    if regex.len() > LONGEST || regex.contains('\'') {
        return None;
    }
    let ast = Parser::new().parse(regex).ok()?;
    let mut all = names(&ast)?;
    all.dedup();
    let text = if let [one] = all.as_slice() { one.clone() } else { format!("{{{}}}", all.join(",")) };
    // `.*/` asks for a slash, and `**/` where a name starts does not: only what asks for folders or none may be read so.
    (folders(Glob::parse(&text).ok()?.pieces()) == folders_asked(&ast)).then_some(text)
}

/// How often a glob takes any folders or none.
fn folders(pieces: &[GlobPiece]) -> usize {
    let of = |piece: &GlobPiece| match piece {
        GlobPiece::AnyFolders => 1,
        GlobPiece::Alternatives(list) => list.iter().map(|p| folders(p)).sum(),
        _ => 0,
    };
    pieces.iter().map(of).sum()
}

/// How often an expression does.
fn folders_asked(ast: &Ast) -> usize {
    match ast {
        Ast::Repetition(r) if r.op.kind == RepetitionKind::ZeroOrOne && is_folders(&r.ast) => 1,
        Ast::Repetition(r) => folders_asked(&r.ast),
        Ast::Group(group) => folders_asked(&group.ast),
        Ast::Concat(list) => list.asts.iter().map(folders_asked).sum(),
        Ast::Alternation(list) => list.asts.iter().map(folders_asked).sum(),
        _ => 0,
    }
}

/// The globs of the alternatives, each with its own anchors.
fn names(ast: &Ast) -> Option<Vec<String>> {
    let parts: &[Ast] = match ast {
        Ast::Alternation(list) => {
            return Some(list.asts.iter().map(names).collect::<Option<Vec<_>>>()?.concat());
        }
        Ast::Group(group) if is_plain(&group.kind) && has_anchor(&group.ast) => return names(&group.ast),
        Ast::Concat(list) => &list.asts,
        one => std::slice::from_ref(one),
    };
    let (start, parts) = match parts {
        [Ast::Assertion(a), rest @ ..] if matches!(a.kind, AssertionKind::StartLine | AssertionKind::StartText) => ("", rest),
        rest => ("**", rest),
    };
    let ends =
        |part: &Ast| matches!(part, Ast::Assertion(a) if matches!(a.kind, AssertionKind::EndLine | AssertionKind::EndText));
    let (ends, parts): (Vec<(String, &str)>, &[Ast]) = match parts {
        [rest @ .., last] if ends(last) => (vec![(String::new(), "")], rest),
        // `($|/)`: the name itself, or everything below it.
        [rest @ .., Ast::Group(group)] if is_plain(&group.kind) && has_anchor(&group.ast) => {
            let Ast::Alternation(list) = &*group.ast else { return None };
            let tails = list.asts.iter().map(|a| if ends(a) { Some((String::new(), "")) } else { Some((part(a)?, "**")) });
            (tails.collect::<Option<_>>()?, rest)
        }
        rest => (vec![(String::new(), "**")], rest),
    };
    let middle = concat(parts)?;
    Some(ends.into_iter().map(|(tail, end)| joined([start, &middle, &tail, end])).collect())
}

fn is_plain(kind: &GroupKind) -> bool {
    match kind {
        GroupKind::CaptureIndex(_) => true,
        GroupKind::NonCapturing(flags) => flags.items.is_empty(),
        GroupKind::CaptureName { .. } => false,
    }
}

fn has_anchor(ast: &Ast) -> bool {
    match ast {
        Ast::Assertion(_) => true,
        Ast::Group(group) => has_anchor(&group.ast),
        Ast::Concat(list) => list.asts.iter().any(has_anchor),
        Ast::Alternation(list) => list.asts.iter().any(has_anchor),
        _ => false,
    }
}

/// Stars that meet are one.
fn joined(parts: [&str; 4]) -> String {
    let mut text = parts.concat();
    while text.contains("***") {
        text = text.replace("***", "**");
    }
    text
}

fn concat(parts: &[Ast]) -> Option<String> {
    let mut text = String::new();
    for (at, one) in parts.iter().enumerate() {
        match one {
            // `(.*/)?`: folders, where a name starts.
            Ast::Repetition(r) if r.op.kind == RepetitionKind::ZeroOrOne && is_folders(&r.ast) => {
                if at > 0 && !text.ends_with('/') {
                    return None;
                }
                text.push_str("**/");
            }
            one => text.push_str(&part(one)?),
        }
    }
    Some(text)
}

fn is_folders(ast: &Ast) -> bool {
    let Ast::Group(group) = ast else { return false };
    let Ast::Concat(list) = &*group.ast else { return false };
    matches!(list.asts.as_slice(), [Ast::Repetition(r), Ast::Literal(slash)] if slash.c == '/' && is_any(&r.ast) && r.op.kind == RepetitionKind::ZeroOrMore)
}

fn is_any(ast: &Ast) -> bool {
    matches!(ast, Ast::Dot(_))
}

/// `[^/]`
fn is_in_segment(ast: &Ast) -> bool {
    let Ast::ClassBracketed(class) = ast else { return false };
    class.negated && matches!(&class.kind, ClassSet::Item(ClassSetItem::Literal(one)) if one.c == '/')
}

fn part(ast: &Ast) -> Option<String> {
    match ast {
        Ast::Empty(_) => Some(String::new()),
        Ast::Literal(one) => Some(literal(one.c)),
        Ast::Group(group) if is_plain(&group.kind) => match &*group.ast {
            Ast::Alternation(list) => {
                let parts = list.asts.iter().map(part).collect::<Option<Vec<_>>>()?;
                Some(format!("{{{}}}", parts.join(",")))
            }
            inner => part(inner),
        },
        Ast::Concat(list) => concat(&list.asts),
        Ast::ClassPerl(class) if class.kind == ClassPerlKind::Digit && !class.negated => Some("[0-9]".to_owned()),
        one if is_in_segment(one) => Some("?".to_owned()),
        Ast::ClassBracketed(class) if !class.negated => {
            let ClassSet::Item(item) = &class.kind else { return None };
            let mut inside = String::new();
            members(item, &mut inside)?;
            Some(format!("[{inside}]"))
        }
        Ast::Repetition(repeated) => {
            let one = &repeated.ast;
            match &repeated.op.kind {
                RepetitionKind::ZeroOrMore if is_any(one) => Some("**".to_owned()),
                RepetitionKind::ZeroOrMore if is_in_segment(one) => Some("*".to_owned()),
                RepetitionKind::OneOrMore if is_in_segment(one) => Some("?*".to_owned()),
                RepetitionKind::ZeroOrOne => Some(format!("{{{},}}", part(one)?)),
                RepetitionKind::Range(RepetitionRange::Exactly(count)) if *count <= 8 => Some(part(one)?.repeat(*count as usize)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A sign as itself.
fn literal(sign: char) -> String {
    if matches!(sign, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\' | '!') { format!("[{sign}]") } else { sign.to_string() }
}

/// The members of a class, where they are letters, digits and their ranges.
fn members(item: &ClassSetItem, inside: &mut String) -> Option<()> {
    match item {
        ClassSetItem::Literal(one) if one.c.is_ascii_alphanumeric() || matches!(one.c, '.' | '_') => inside.push(one.c),
        ClassSetItem::Range(range) if range.start.c.is_ascii_alphanumeric() && range.end.c.is_ascii_alphanumeric() => {
            inside.extend([range.start.c, '-', range.end.c]);
        }
        ClassSetItem::Perl(class) if class.kind == ClassPerlKind::Digit && !class.negated => inside.push_str("0-9"),
        ClassSetItem::Union(list) => list.items.iter().try_for_each(|i| members(i, inside))?,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn simple_expressions_are_globs() {
        for (regex, wanted) in [
            (r"^release\/.*$", "release/**"),
            ("^v", "v**"),
            ("wip", "**wip**"),
            (r"^v[^\/]*$", "v*"),
            (r"^group($|\/)", "{group,group/**}"),
            (r"^(main|release\/.*)$", "{main,release/**}"),
            (r"^(.*\/)?docs$", "**/docs"),
            (r"^v\d\.[0-9]$", "v[0-9].[0-9]"),
            ("^v1(-rc)?$", "v1{-rc,}"),
            ("^main$|^dev", "{main,dev**}"),
            ("^(?:main|dev)$", "{main,dev}"),
            (r"^\x40scope$", "@scope"),
            ("^a{2}$", "aa"),
            (".*", "**"),
        ] {
            assert_eq!(glob(regex).as_deref(), Some(wanted), "{regex}");
        }
        for regex in
            [r"^v\d+$", r"^.*\/x$", r"\/hotfix", r"^a\/.*\/x$", "^(a|b)+$", "a(", "^a.b$", r"\bx", "(?i)main", "^it's$", "^[^a]$"]
        {
            assert_eq!(glob(regex), None, "{regex}");
        }
    }
}
