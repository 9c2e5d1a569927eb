//! Conditions: text to a typed [`Expr`].
//!
//! `||` binds weaker than `&&`, `&&` weaker than a comparison, `!` strongest. Strings stand in single quotes.

use crate::base::diag::{Diagnostic, Diagnostics};
use crate::base::span::{Span, Spanned};
use crate::ir::expr::{Comparison, Expr, ExprKind, Literal, Type};
use crate::ir::glob::Glob;
use crate::ir::text::{Part, Text};
use crate::ir::units::{Decimal, Duration};
use crate::sema::cond::token::{Token, lex};
use crate::sema::cond::types::word;
use crate::sema::interpolate::{Interpolator, Place, Resolved};
use crate::syntax::string::value_range_to_span;
use crate::syntax::tree::{Entry, Value};

mod token;
mod types;

/// Deepest nesting of parentheses and `!`; far above any condition a person can read.
const MAX_DEPTH: usize = 64;

/// Reads conditions in one place of a spec.
pub struct Conditions<'s, 'n, 'a> {
    /// Resolves contexts.
    pub interpolator: Interpolator<'s, 'n, 'a>,
}

struct Reader<'r, 's, 'n, 'a> {
    conditions: &'r Conditions<'s, 'n, 'a>,
    place: &'r Place<'r, 'n, 'a>,
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    end: Span,
    diagnostics: &'r mut Diagnostics,
}

impl<'n, 'a> Conditions<'_, 'n, 'a> {
    /// The condition of an entry; `None` where it is no condition, which has been said.
    pub fn read(&self, entry: &Entry<'_>, place: &Place<'_, 'n, 'a>, diagnostics: &mut Diagnostics) -> Option<Expr> {
        let text = match &entry.value {
            Value::String(text, _) => text.to_string(),
            Value::Bool(value) => return Some(literal(Literal::Bool(*value), entry.value_span)),
            Value::Number(_) | Value::Null => {
                diagnostics.push(
                    Diagnostic::error("condition-syntax", entry.value_span, "a condition is a string")
                        .label("not a string")
                        .help("write it in quotes: if \"commit.branch == 'main'\""),
                );
                return None;
            }
        };
        let source = &self.interpolator.scope.sources.0.file(entry.value_span.source).text;
        let at = |from: usize, to: usize| value_range_to_span(entry, source, from, to);
        let tokens = match lex(&text) {
            Ok(tokens) => tokens.into_iter().map(|(t, from, to)| (t, at(from, to))).collect(),
            Err((offset, message)) => {
                diagnostics.push(
                    Diagnostic::error("condition-syntax", at(offset, offset + 1), message)
                        .label("here")
                        .help("a condition looks like: commit.branch == 'main' && !input.skip-tests"),
                );
                return None;
            }
        };
        let end = entry.value_span;
        let mut reader = Reader { conditions: self, place, tokens, at: 0, depth: 0, end, diagnostics };
        let expr = reader.or()?;
        if reader.at < reader.tokens.len() {
            reader.unexpected("the end of the condition");
            return None;
        }
        reader.is(&expr, Type::Bool).then_some(expr)
    }
}

impl Reader<'_, '_, '_, '_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(t, _)| t)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(self.end, |(_, s)| *s)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(hit);
        hit
    }

    fn take_word(&mut self, word: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(hit);
        hit
    }

    fn unexpected(&mut self, wanted: &str) {
        let what = match self.peek() {
            None => "the condition ends here".to_owned(),
            Some(Token::Word(w) | Token::Number(w)) => format!("`{w}` stands here"),
            Some(Token::String(s)) => format!("'{s}' stands here"),
            Some(Token::Symbol(s)) => format!("`{s}` stands here"),
        };
        self.diagnostics.push(
            Diagnostic::error("condition-syntax", self.span(), format!("{what}, where {wanted} is expected"))
                .label(format!("expected {wanted}"))
                .help("a condition looks like: commit.branch == 'main' && !input.skip-tests"),
        );
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.take("||") {
            let right = self.and()?;
            left = self.both(left, right, ExprKind::Or)?;
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.comparison()?;
        while self.take("&&") {
            let right = self.comparison()?;
            left = self.both(left, right, ExprKind::And)?;
        }
        Some(left)
    }

    fn both(&mut self, left: Expr, right: Expr, make: fn(Box<Expr>, Box<Expr>) -> ExprKind) -> Option<Expr> {
        let typed = self.is(&left, Type::Bool) & self.is(&right, Type::Bool);
        let span = left.span.to(right.span);
        typed.then(|| Expr { kind: make(Box::new(left), Box::new(right)), span })
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.unary()?;
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        for (symbol, comparison) in operators {
            if self.take(symbol) {
                let right = self.unary()?;
                return self.compare(comparison, left, right);
            }
        }
        if self.take_word("matches") {
            let span = self.span();
            let Some(Token::String(text)) = self.peek().cloned() else {
                self.unexpected("a pattern such as 'release/*'");
                return None;
            };
            self.at += 1;
            let glob = match Glob::parse(&text) {
                Ok(glob) => glob,
                Err(e) => {
                    self.diagnostics.push(Diagnostic::error("bad-glob", span, e.message).label("in this pattern").help(e.help));
                    return None;
                }
            };
            let typed = self.is(&left, Type::String);
            let whole = left.span.to(span);
            return typed.then(|| Expr { kind: ExprKind::Matches(Box::new(left), Spanned::new(glob, span)), span: whole });
        }
        if self.take_word("in") {
            return self.list(left);
        }
        Some(left)
    }

    fn list(&mut self, left: Expr) -> Option<Expr> {
        if !self.take("[") {
            self.unexpected("a list such as ['a', 'b']");
            return None;
        }
        let mut items = Vec::new();
        loop {
            let item = self.unary()?;
            let ExprKind::Literal(value) = &item.kind else {
                self.diagnostics.push(
                    Diagnostic::error("condition-type", item.span, "a list holds fixed values only")
                        .label("not a fixed value")
                        .help("compare with each value: a == b || a == c"),
                );
                return None;
            };
            self.same_type(&left, &item)?;
            self.possible(&left, &item);
            items.push(Spanned::new(value.clone(), item.span));
            if self.take(",") {
                continue;
            }
            let close = self.span();
            if self.take("]") {
                let span = left.span.to(close);
                return Some(Expr { kind: ExprKind::In(Box::new(left), items), span });
            }
            self.unexpected("`,` or `]`");
            return None;
        }
    }

    fn compare(&mut self, comparison: Comparison, left: Expr, right: Expr) -> Option<Expr> {
        let of = self.same_type(&left, &right)?;
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordered && matches!(of, Type::Bool | Type::String) {
            self.diagnostics.push(
                Diagnostic::error("condition-type", left.span.to(right.span), "only numbers and durations have an order")
                    .label(format!("these are {}", word(of)))
                    .help("compare with == or !="),
            );
            return None;
        }
        self.possible(&left, &right);
        self.possible(&right, &left);
        let span = left.span.to(right.span);
        Some(Expr { kind: ExprKind::Compare(comparison, Box::new(left), Box::new(right)), span })
    }

    fn unary(&mut self) -> Option<Expr> {
        let start = self.span();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.diagnostics.push(
                Diagnostic::error("condition-syntax", start, "this condition is nested too deeply")
                    .label(format!("more than {MAX_DEPTH} levels"))
                    .help("split it, or use an event filter"),
            );
            return None;
        }
        let result = self.atom(start);
        self.depth -= 1;
        result
    }

    fn atom(&mut self, start: Span) -> Option<Expr> {
        if self.take("!") {
            let inner = self.unary()?;
            let span = start.to(inner.span);
            return self.is(&inner, Type::Bool).then(|| Expr { kind: ExprKind::Not(Box::new(inner)), span });
        }
        if self.take("(") {
            let inner = self.or()?;
            let close = self.span();
            if !self.take(")") {
                self.unexpected("`)`");
                return None;
            }
            return Some(Expr { span: start.to(close), ..inner });
        }
        let Some(token) = self.peek().cloned() else {
            self.unexpected("a value");
            return None;
        };
        match token {
            Token::String(text) => {
                self.at += 1;
                Some(literal(Literal::String(text), start))
            }
            Token::Number(text) => {
                self.at += 1;
                self.number(&text, start)
            }
            Token::Word(name) => {
                self.at += 1;
                self.word(&name, start)
            }
            Token::Symbol(_) => {
                self.unexpected("a value");
                None
            }
        }
    }

    fn number(&mut self, text: &str, span: Span) -> Option<Expr> {
        if let Ok(value) = Decimal::parse(text) {
            return Some(literal(Literal::Number(value), span));
        }
        match Duration::parse(text) {
            Ok(value) => Some(literal(Literal::Duration(value), span)),
            Err(e) => {
                self.diagnostics.push(
                    Diagnostic::error("condition-syntax", span, format!("`{text}` is neither a number nor a duration"))
                        .label(e.message)
                        .help(e.help),
                );
                None
            }
        }
    }

    fn word(&mut self, name: &str, span: Span) -> Option<Expr> {
        match name {
            "true" | "false" => return Some(literal(Literal::Bool(name == "true"), span)),
            _ if !name.contains('.') => {
                self.diagnostics.push(
                    Diagnostic::error("condition-syntax", span, format!("`{name}` is neither a context nor a string"))
                        .label("a context has a dot, a string has quotes")
                        .help(format!("write '{name}' for text, or a context such as commit.{name}")),
                );
                return None;
            }
            _ => {}
        }
        let before = self.diagnostics.len();
        match self.conditions.interpolator.context(name, span, self.place, self.diagnostics) {
            Some(Resolved::Context(context)) => Some(Expr { kind: ExprKind::Context(context), span }),
            Some(Resolved::Text(text)) => self.argument(&text, name, span),
            None => {
                // In a script an unknown dotted name is left alone; a condition has no such way out.
                if self.diagnostics.iter().skip(before).all(|d| d.severity != crate::base::diag::Severity::Error) {
                    self.diagnostics.push(
                        Diagnostic::error("unknown-name", span, format!("`{name}` is no context"))
                            .label("not known")
                            .help("see `pipewright explain unknown-name`"),
                    );
                }
                None
            }
        }
    }

    /// An argument of an action: fixed text is a string, a lone context is itself.
    fn argument(&mut self, text: &Text, name: &str, span: Span) -> Option<Expr> {
        if let Some(fixed) = text.as_literal() {
            return Some(literal(Literal::String(fixed.to_owned()), span));
        }
        let contexts: Vec<_> = text.contexts().collect();
        if let ([one], 1) = (contexts.as_slice(), text.parts.len()) {
            return Some(Expr { kind: ExprKind::Context(one.value.clone()), span });
        }
        // Text with fixed letters in it is never empty, whatever its contexts hold.
        let letters = text.parts.iter().find_map(|p| match p {
            Part::Literal(fixed) if !fixed.is_empty() => Some(fixed),
            _ => None,
        });
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        if let ([(Token::Symbol("==" | "!="), _), (Token::String(word), _), ..], Some(letters)) = (rest, letters)
            && word.is_empty()
        {
            return Some(literal(Literal::String(letters.clone()), span));
        }
        self.diagnostics.push(
            Diagnostic::error("condition-type", span, format!("`{name}` is given as text with contexts in it"))
                .label("cannot be compared")
                .help("give it as fixed text or as one context"),
        );
        None
    }
}

fn literal(value: Literal, span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(value), span }
}
