//! Text to an expression: `!` before comparisons of order, those before equality, then `&&`, then `||`.

use crate::verify::github::expr::lex::{Token, words};
use crate::verify::github::expr::value::Value;
use crate::verify::github::expr::{Expr, Operator};

/// The depth that GitHub allows.
const MAX_DEPTH: usize = 50;

/// The functions and how many arguments each takes.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("always", 0, 0),
    ("cancelled", 0, 0),
    ("case", 3, 255),
    ("contains", 2, 2),
    ("endswith", 2, 2),
    ("failure", 0, 0),
    ("format", 1, 255),
    ("fromjson", 1, 1),
    ("hashfiles", 1, 255),
    ("join", 1, 2),
    ("startswith", 2, 2),
    ("success", 0, 0),
    ("tojson", 1, 1),
];

/// An expression, without `${{` and `}}`. `contexts` are the names that may stand alone; the empty text is null.
///
/// # Errors
/// What is wrong, in a few words.
pub fn parse(text: &str, contexts: &dyn Fn(&str) -> bool) -> Result<Expr, String> {
    let tokens = words(text)?;
    if tokens.is_empty() {
        return Ok(Expr::Literal(Value::Null));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, contexts };
    let found = parser.either()?;
    if parser.at < tokens.len() {
        return Err(format!("{:?} is too much", tokens[parser.at]));
    }
    if depth(&found) > MAX_DEPTH {
        return Err(format!("deeper than {MAX_DEPTH}"));
    }
    Ok(found)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    contexts: &'t dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) { Ok(()) } else { Err(format!("`{sign}` is missing before {:?}", self.tokens.get(self.at))) }
    }

    fn either(&mut self) -> Result<Expr, String> {
        let mut left = self.both()?;
        while self.sign("||") {
            left = Expr::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, String> {
        let mut left = self.equal()?;
        while self.sign("&&") {
            left = Expr::And(Box::new(left), Box::new(self.equal()?));
        }
        Ok(left)
    }

    fn equal(&mut self) -> Result<Expr, String> {
        let mut left = self.order()?;
        loop {
            let operator = if self.sign("==") {
                Operator::Equal
            } else if self.sign("!=") {
                Operator::NotEqual
            } else {
                return Ok(left);
            };
            left = Expr::Compare(operator, Box::new(left), Box::new(self.order()?));
        }
    }

    fn order(&mut self) -> Result<Expr, String> {
        let mut left = self.not()?;
        loop {
            let signs = [("<=", Operator::AtMost), (">=", Operator::AtLeast), ("<", Operator::Less), (">", Operator::More)];
            let Some((_, operator)) = signs.into_iter().find(|(s, _)| self.sign(s)) else { return Ok(left) };
            left = Expr::Compare(operator, Box::new(left), Box::new(self.not()?));
        }
    }

    fn not(&mut self) -> Result<Expr, String> {
        let mut marks = 0;
        while self.sign("!") {
            marks += 1;
        }
        let inner = self.path()?;
        Ok((0..marks).fold(inner, |e, _| Expr::Not(Box::new(e))))
    }

    fn path(&mut self) -> Result<Expr, String> {
        let mut base = self.base()?;
        let indexable = !matches!(base, Expr::Literal(_));
        loop {
            if self.sign(".") {
                base = if self.sign("*") {
                    Expr::Star(Box::new(base))
                } else {
                    let Some(Token::Name(name)) = self.tokens.get(self.at) else { return Err("no name behind a dot".to_owned()) };
                    self.at += 1;
                    Expr::Index(Box::new(base), Box::new(Expr::Literal(Value::String(name.clone()))))
                };
            } else if self.sign("[") {
                base = if self.sign("*") {
                    Expr::Star(Box::new(base))
                } else {
                    Expr::Index(Box::new(base), Box::new(self.either()?))
                };
                self.expect("]")?;
            } else {
                return Ok(base);
            }
            if !indexable {
                return Err("a fixed value has no parts".to_owned());
            }
        }
    }

    fn base(&mut self) -> Result<Expr, String> {
        let Some(token) = self.tokens.get(self.at) else { return Err("the expression ends too early".to_owned()) };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expr::Literal(Value::Number(*number))),
            Token::String(text) => Ok(Expr::Literal(Value::String(text.clone()))),
            Token::Sign("(") => {
                let inner = self.either()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign(sign) => Err(format!("`{sign}` stands at the wrong place")),
            Token::Name(name) if matches!(self.tokens.get(self.at), Some(Token::Sign("("))) => {
                self.at += 1;
                self.call(&name.to_lowercase())
            }
            Token::Name(name) => match name.as_str() {
                "null" => Ok(Expr::Literal(Value::Null)),
                "true" => Ok(Expr::Literal(Value::Bool(true))),
                "false" => Ok(Expr::Literal(Value::Bool(false))),
                "NaN" => Ok(Expr::Literal(Value::Number(f64::NAN))),
                "Infinity" => Ok(Expr::Literal(Value::Number(f64::INFINITY))),
                _ if (self.contexts)(name) => Ok(Expr::Context(name.to_lowercase())),
                _ => Err(format!("there is no context `{name}`")),
            },
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr, String> {
        let Some((_, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return Err(format!("there is no function `{name}`"));
        };
        let mut arguments = Vec::new();
        if !self.sign(")") {
            loop {
                arguments.push(self.either()?);
                if self.sign(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        let fits = (*least..=*most).contains(&arguments.len()) && (name != "case" || arguments.len() % 2 == 1);
        if fits { Ok(Expr::Call(name.to_owned(), arguments)) } else { Err(format!("`{name}` takes other arguments")) }
    }
}

/// How many levels an expression has; a chain of the same `&&` or `||` is one.
fn depth(expr: &Expr) -> usize {
    let chain = |parent: &Expr, child: &Expr| {
        let same = matches!((parent, child), (Expr::And(..), Expr::And(..)) | (Expr::Or(..), Expr::Or(..)));
        if same { depth(child) - 1 } else { depth(child) }
    };
    1 + match expr {
        Expr::Literal(_) | Expr::Context(_) => 0,
        Expr::Star(a) | Expr::Not(a) => depth(a),
        Expr::Index(a, b) | Expr::Compare(_, a, b) => depth(a).max(depth(b)),
        Expr::And(a, b) | Expr::Or(a, b) => chain(expr, a).max(chain(expr, b)),
        Expr::Call(_, arguments) => arguments.iter().map(depth).max().unwrap_or(0),
    }
}
