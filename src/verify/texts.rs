//! Whether a text of an output is a text of the spec: characters as they stand, and for each context something that means it.

use crate::ir::Pipeline;
use crate::ir::environment::Environment;
use crate::ir::event::EventKind;
use crate::ir::expr::Literal;
use crate::ir::id::ImageId;
use crate::ir::job::Job;
use crate::ir::text::{Context, EnvVar, EnvironmentField, Part, RunField, ServiceField, Text};
use crate::sema::presence;
use crate::verify::behaviour::{Bit, Reader, Variables};
use crate::verify::script::reference;

/// Stands before the number of a context, in a script that is read like one of an output.
const MARK: char = '\u{e000}';

/// The first number.
const FIRST: u32 = 0xe100;

/// Where a text stands.
pub(super) struct Scope<'s> {
    pub(super) pipeline: &'s Pipeline,
    pub(super) reader: &'s dyn Reader,
    /// The job's place in the reader.
    pub(super) at: usize,
    pub(super) job: &'s Job,
    /// The variables that the spec gives there; the last of one name counts.
    pub(super) env: &'s [&'s EnvVar],
    /// Those that the output gives: of the step, of the job.
    pub(super) given: [&'s Variables; 2],
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Char(char),
    Symbol(String),
    Context(Context),
}

/// A name as the word of a variable: `skip-tests` is `SKIP_TESTS`.
pub(super) fn upper(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A line of a script as text; its contexts have become marks, and are added to the list.
pub(super) fn marked(text: &Text, contexts: &mut Vec<Context>) -> String {
    let mut out = String::new();
    for part in &text.parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Context(context) => {
                out.push(MARK);
                out.extend(char::from_u32(FIRST + contexts.len() as u32));
                contexts.push(context.value.clone());
            }
        }
    }
    out
}

/// A marked line as a person reads it.
pub(super) fn shown(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == MARK {
            chars.next();
            out.push_str("${…}");
        } else {
            out.push(c);
        }
    }
    out
}

/// The name of the file for outputs differs from vendor to vendor.
fn neutral(name: &str) -> &str {
    if name == "GITHUB_OUTPUT" { "PIPEWRIGHT_OUTPUT" } else { name }
}

impl Scope<'_> {
    /// Whether a line of an output is a marked line of the spec. Quotes are looked over where a context stands in the line.
    /// `quoted`: both begin within double quotes.
    pub(super) fn line(&self, wanted: &str, contexts: &[Context], found: &str, quoted: bool) -> bool {
        if !wanted.contains(MARK) {
            return wanted == found || wanted == found.replace("GITHUB_OUTPUT", "PIPEWRIGHT_OUTPUT");
        }
        self.same(&tokens(wanted, contexts, quoted), &tokens(found, &[], quoted), true)
    }

    /// Whether a value of an output is a text of the spec.
    pub(super) fn value(&self, wanted: &Text, found: &[Bit]) -> bool {
        self.same(&of_text(wanted), &of_bits(found), false)
    }

    /// Whether an input of an action of GitHub is a text of the spec, whose expressions are GitHub's own.
    pub(super) fn input(&self, wanted: &Text, found: &[Bit]) -> bool {
        self.same(&of_own(wanted), &of_bits(found), false)
    }

    /// Whether a variable that the output does not set has by itself the value that the spec gives.
    pub(super) fn by_itself(&self, wanted: &Text, name: &str) -> bool {
        self.same(&of_text(wanted), &[Token::Symbol(name.to_owned())], false)
    }

    /// `late`: the output is read when all variables of the step are set, as a line is; one of their values is read when it is set.
    fn same(&self, mut wanted: &[Token], mut found: &[Token], late: bool) -> bool {
        loop {
            let Some((first, rest)) = wanted.split_first() else { return found.is_empty() };
            match (first, found.first()) {
                (Token::Context(context), head) => {
                    let named = matches!(head, Some(Token::Symbol(name)) if self.stands_for(name, context, late));
                    if named && self.same(rest, &found[1..], late) || rest.is_empty() && self.is_built(context, found) {
                        return true;
                    }
                    let with = |mut tokens: Vec<Token>| {
                        tokens.extend_from_slice(rest);
                        self.same(&tokens, found, late)
                    };
                    return self.alternatives(context).into_iter().any(with);
                }
                (Token::Char(a), Some(Token::Char(b))) if a == b => {}
                (Token::Symbol(a), Some(Token::Symbol(b))) if neutral(a) == neutral(b) => {}
                _ => return false,
            }
            (wanted, found) = (rest, &found[1..]);
        }
    }

    /// Whether a symbol of the output is a context, or a variable that holds it.
    fn stands_for(&self, name: &str, context: &Context, late: bool) -> bool {
        let itself = |bits: &Variables| matches!(bits.get(name).map(Vec::as_slice), Some([Bit::Symbol(other)]) if other == name);
        let given = self.given.iter().find(|env| env.contains_key(name) && !itself(env)).and_then(|env| env.get(name));
        // What the vendor keeps may have been hidden by a value of that name; an input has a default in the file.
        let hidden = late && given.is_some() && matches!(context, Context::Secret(_) | Context::Variable(_));
        if matches!(context, Context::Env(own) if own == name) || !hidden && self.reader.means(self.at, name, context) {
            return true;
        }
        let Some(bits) = given else { return false };
        if let Context::Image(image) = context {
            // Its parts are those of the build: what is written there is read as it is.
            let is = |bit: &Bit| matches!(bit, Bit::Symbol(s) if self.reader.means(self.at, s, context));
            return self.builds(*image) || bits.iter().any(is);
        }
        self.same(&[Token::Context(context.clone())], &of_bits(bits), false)
    }

    /// Whether the job builds an image.
    fn builds(&self, image: ImageId) -> bool {
        self.pipeline.images[image.index()].builders.iter().any(|b| std::ptr::eq(self.pipeline.job(*b), self.job))
    }

    /// Whether a value is the image that the job built, by its digest or its tag.
    fn is_built(&self, context: &Context, found: &[Token]) -> bool {
        let Context::Image(image) = context else { return false };
        let name = self.pipeline.images[image.index()].name.value.to_lowercase();
        let text: String = found.iter().map_while(|t| if let Token::Char(c) = t { Some(*c) } else { None }).collect();
        let own = text.rsplit_once('/').map_or(text.as_str(), |(_, last)| last);
        self.builds(*image) && own.strip_prefix(&name).is_some_and(|version| version.starts_with(['@', ':']))
    }

    fn environment(&self) -> Option<&Environment> {
        self.job.environment.as_ref().map(|e| self.pipeline.environment(e.environment))
    }

    /// What may stand for a context, other than one symbol.
    fn alternatives(&self, context: &Context) -> Vec<Vec<Token>> {
        let mut found: Vec<Vec<Token>> = self.reader.spellings(self.at, context).iter().map(|b| of_bits(b)).collect();
        let chars = |text: &str| text.chars().map(Token::Char).collect::<Vec<_>>();
        if let Some(Literal::String(text)) = presence::fixed(self.pipeline, context) {
            found.push(chars(&text));
        }
        match context {
            Context::Variable(name) => {
                let known = self.pipeline.variables.iter().find(|v| v.name.value == *name);
                found.extend(known.and_then(|v| v.value.as_ref()).map(of_text));
            }
            Context::Environment { environment, field } => {
                let named = environment.map(|id| self.pipeline.environment(id)).or_else(|| self.environment());
                let url = named.and_then(|e| e.url.as_ref()).filter(|_| *field == EnvironmentField::Url);
                found.extend(url.map(of_text));
                if environment.is_none()
                    && let Some(id) = self.job.environment.as_ref().map(|e| e.environment)
                {
                    found.extend(self.alternatives(&Context::Environment { environment: Some(id), field: *field }));
                }
            }
            Context::Value(id) => {
                let value = &self.pipeline.values[id.index()];
                let kinds = self.kinds();
                let arms = value.arms.iter().filter(|(kind, _)| kinds.contains(&kind.value)).map(|(_, text)| text);
                found.extend(arms.chain(&value.otherwise).map(of_text));
            }
            Context::JobName => found.push(chars(&self.job.name.value)),
            Context::Env(name) => {
                let known = self.env.iter().rev().find(|e| e.name.value == *name);
                found.extend(known.map(|e| of_text(&e.value)));
            }
            Context::Service { service, field: ServiceField::Port } => {
                let port = self.job.services.iter().find(|s| s.name.value == *service).and_then(|s| s.port.as_ref());
                found.extend(port.map(|p| chars(&p.value.to_string())));
            }
            Context::Run(RunField::Event) => {
                let kinds = self.kinds();
                if let [only] = kinds.as_slice()
                    && *only != EventKind::Raw
                {
                    found.push(chars(only.word()));
                }
            }
            _ => {}
        }
        // A text that holds itself would never end.
        found.retain(|tokens| !tokens.contains(&Token::Context(context.clone())));
        found
    }

    fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<EventKind> =
            self.job.possible.iter().filter_map(|i| self.pipeline.events.get(i)).map(|e| e.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

fn of_text(text: &Text) -> Vec<Token> {
    let part = |part: &Part| match part {
        Part::Literal(text) => text.chars().map(Token::Char).collect(),
        Part::Context(context) => vec![Token::Context(context.value.clone())],
    };
    text.parts.iter().flat_map(part).collect()
}

/// As [`of_text`], an expression of GitHub as its symbol.
fn of_own(text: &Text) -> Vec<Token> {
    let mut found = Vec::new();
    for part in &text.parts {
        let Part::Literal(literal) = part else {
            found.extend(of_text(&Text { parts: vec![part.clone()], span: text.span }));
            continue;
        };
        let mut rest = literal.as_str();
        while let Some((before, expression, after)) =
            rest.split_once("${{").and_then(|(before, after)| after.split_once("}}").map(|(inner, after)| (before, inner, after)))
        {
            found.extend(before.chars().map(Token::Char));
            found.push(Token::Symbol(expression.trim().to_owned()));
            rest = after;
        }
        found.extend(rest.chars().map(Token::Char));
    }
    found
}

fn of_bits(bits: &[Bit]) -> Vec<Token> {
    let bit = |bit: &Bit| match bit {
        Bit::Text(text) => text.chars().map(Token::Char).collect(),
        Bit::Symbol(name) => vec![Token::Symbol(name.clone())],
    };
    bits.iter().flat_map(bit).collect()
}

/// A line of the shell without its quotes, from within double ones where a line before has opened them.
fn tokens(line: &str, contexts: &[Context], quoted: bool) -> Vec<Token> {
    let mut found = Vec::new();
    let mut single = false;
    let mut double = quoted;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            MARK => {
                let number = rest[taken..].chars().next().unwrap_or(MARK);
                taken += number.len_utf8();
                let at = (number as u32).wrapping_sub(FIRST) as usize;
                found.extend(contexts.get(at).cloned().map(Token::Context));
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '\\' if !single => {
                if let Some(next) = rest[1..].chars().next() {
                    taken += next.len_utf8();
                    found.push(Token::Char(next));
                }
            }
            '$' if !single => match reference(rest) {
                Some((name, length)) => {
                    found.push(Token::Symbol(name.to_owned()));
                    taken = length;
                }
                None => found.push(Token::Char(c)),
            },
            c => found.push(Token::Char(c)),
        }
        rest = &rest[taken..];
    }
    found
}
