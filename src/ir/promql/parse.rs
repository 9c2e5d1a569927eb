//! Words and signs to the tree of a query.

use crate::ir::promql::lex::{Token, tokens};
use crate::ir::promql::{Grouping, Query, Select, SyntaxError};

/// Nesting that no query of a person reaches.
const MAX_DEPTH: usize = 100;
/// How strongly comparisons bind.
pub(super) const COMPARISON: u8 = 3;
const ADDITION: u8 = 4;
const POWER: u8 = 6;
/// What makes one series of many.
const AGGREGATIONS: &[&str] = &[
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "count_values",
    "quantile",
    "limitk",
    "limit_ratio",
];

/// How strongly an operator binds: <https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operator-precedence>.
pub(super) fn precedence(op: &str) -> Option<u8> {
    Some(match op {
        "or" => 1,
        "and" | "unless" => 2,
        "==" | "!=" | "<" | "<=" | ">" | ">=" => COMPARISON,
        "+" | "-" => ADDITION,
        "*" | "/" | "%" | "atan2" => 5,
        "^" => POWER,
        _ => return None,
    })
}

/// Reads a query.
///
/// # Errors
/// What Prometheus would not take either.
pub fn parse(query: &str) -> Result<Query, SyntaxError> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0 };
    let found = parser.binary(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(found),
        Some(token) => Err(unexpected(token)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

fn error<T>(message: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError { message: message.into() })
}

fn unexpected(token: &Token) -> SyntaxError {
    let shown = match token {
        Token::Word(word) => word.clone(),
        Token::Number(number) => number.to_string(),
        Token::Time(seconds) => format!("{seconds}s"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Sign(sign) => (*sign).to_owned(),
    };
    SyntaxError { message: format!("`{shown}` is not expected there") }
}

impl Parser {
    fn sign(&self) -> Option<&'static str> {
        if let Some(Token::Sign(sign)) = self.tokens.get(self.at) { Some(sign) } else { None }
    }

    fn word(&self) -> Option<&str> {
        if let Some(Token::Word(word)) = self.tokens.get(self.at) { Some(word) } else { None }
    }

    fn eat(&mut self, sign: &str) -> bool {
        let is = self.sign() == Some(sign);
        self.at += usize::from(is);
        is
    }

    fn eat_word(&mut self, words: &[&str]) -> Option<String> {
        let found = self.word().map(str::to_ascii_lowercase).filter(|w| words.contains(&w.as_str()))?;
        self.at += 1;
        Some(found)
    }

    fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.eat(sign) {
            return Ok(());
        }
        match self.tokens.get(self.at) {
            None => error(format!("`{sign}` is missing at the end")),
            Some(token) => Err(SyntaxError { message: format!("{}; `{sign}` is", unexpected(token).message) }),
        }
    }

    fn operator(&self) -> Option<(String, u8)> {
        let op = self.sign().map(str::to_owned).or_else(|| self.word().map(str::to_ascii_lowercase))?;
        let strength = precedence(&op)?;
        Some((op, strength))
    }

    fn binary(&mut self, least: u8) -> Result<Query, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return error("it is nested too deep");
        }
        let mut left = self.unary()?;
        while let Some((op, strength)) = self.operator().filter(|(_, strength)| *strength >= least) {
            self.at += 1;
            self.matching()?;
            // `^` groups from the right.
            let right = self.binary(if strength == POWER { strength } else { strength + 1 })?;
            left = Query::Binary { op, left: Box::new(left), right: Box::new(right) };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// `bool on (a) group_left (b)`
    fn matching(&mut self) -> Result<(), SyntaxError> {
        self.eat_word(&["bool"]);
        if self.eat_word(&["on", "ignoring"]).is_some() {
            self.labels()?;
            if self.eat_word(&["group_left", "group_right"]).is_some() && self.sign() == Some("(") {
                self.labels()?;
            }
        }
        Ok(())
    }

    fn labels(&mut self) -> Result<Vec<String>, SyntaxError> {
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.eat(")") {
            match self.tokens.get(self.at) {
                Some(Token::Word(name) | Token::Text(name)) => labels.push(name.clone()),
                Some(other) => return Err(unexpected(other)),
                None => return error("`)` is missing at the end"),
            }
            self.at += 1;
            if !self.eat(",") && self.sign() != Some(")") {
                self.expect(")")?;
            }
        }
        Ok(labels)
    }

    fn unary(&mut self) -> Result<Query, SyntaxError> {
        if self.eat("-") {
            return Ok(Query::Negative(Box::new(self.binary(POWER)?)));
        }
        if self.eat("+") {
            return self.binary(POWER);
        }
        let first = self.primary()?;
        self.behind(first)
    }

    /// `[5m]`, `[1h:5m]`, `offset 1d`, `@ end()`, `anchored`
    fn behind(&mut self, mut query: Query) -> Result<Query, SyntaxError> {
        loop {
            if self.eat("[") {
                let range = self.time()?;
                if self.eat(":") {
                    if self.sign() != Some("]") {
                        self.time()?;
                    }
                    query = Query::Subquery(Box::new(query));
                } else {
                    match &mut query {
                        Query::Select(select) if select.range.is_none() => select.range = range,
                        _ => return error("`[…]` stands behind a metric, or with a colon behind a query"),
                    }
                }
                self.expect("]")?;
            } else if self.eat_word(&["offset"]).is_some() || self.eat("@") {
                let _ = self.eat("-") || self.eat("+");
                self.primary()?;
            } else if self.eat_word(&["anchored", "smoothed"]).is_none() {
                return Ok(query);
            }
        }
    }

    /// A time, in seconds; none where only Prometheus can know it, such as `step()`.
    fn time(&mut self) -> Result<Option<f64>, SyntaxError> {
        let at = self.at;
        match self.binary(ADDITION)? {
            Query::Select(_) | Query::Text | Query::Subquery(_) => match &self.tokens[at] {
                Token::Sign("]") => error("a time such as 5m is missing in `[]`"),
                token => Err(SyntaxError { message: format!("{}; a time such as 5m is", unexpected(token).message) }),
            },
            time => Ok(time.constant()),
        }
    }

    fn primary(&mut self) -> Result<Query, SyntaxError> {
        let Some(token) = self.tokens.get(self.at).cloned() else { return error("something is missing at the end") };
        match token {
            Token::Sign("{") => self.select(None),
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Number(value) | Token::Time(value) => {
                self.at += 1;
                Ok(Query::Number(value))
            }
            Token::Text(_) => {
                self.at += 1;
                Ok(Query::Text)
            }
            Token::Word(word) => {
                self.at += 1;
                let lower = word.to_ascii_lowercase();
                match lower.as_str() {
                    "inf" => return Ok(Query::Number(f64::INFINITY)),
                    "nan" => return Ok(Query::Number(f64::NAN)),
                    _ => {}
                }
                let grouped = self.word().is_some_and(|w| matches!(w.to_ascii_lowercase().as_str(), "by" | "without"));
                if AGGREGATIONS.contains(&lower.as_str()) && (grouped || self.sign() == Some("(")) {
                    self.aggregate(lower)
                } else if self.sign() == Some("(") {
                    Ok(Query::Call { function: word, args: self.args()? })
                } else {
                    self.select(Some(word))
                }
            }
            Token::Sign(_) => Err(unexpected(&token)),
        }
    }

    fn aggregate(&mut self, name: String) -> Result<Query, SyntaxError> {
        let mut grouping = self.grouping()?;
        let args = self.args()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        if args.is_empty() {
            return error(format!("`{name}` has nothing to aggregate"));
        }
        Ok(Query::Aggregate { name, grouping, args })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, SyntaxError> {
        let Some(word) = self.eat_word(&["by", "without"]) else { return Ok(None) };
        Ok(Some(Grouping { without: word == "without", labels: self.labels()? }))
    }

    fn args(&mut self) -> Result<Vec<Query>, SyntaxError> {
        self.expect("(")?;
        let mut args = Vec::new();
        while !self.eat(")") {
            args.push(self.binary(0)?);
            if !self.eat(",") && self.sign() != Some(")") {
                self.expect(")")?;
            }
        }
        Ok(args)
    }

    fn select(&mut self, metric: Option<String>) -> Result<Query, SyntaxError> {
        let mut select = Select { metric, ..Select::default() };
        if !self.eat("{") {
            return Ok(Query::Select(select));
        }
        while !self.eat("}") {
            let (name, quoted) = match self.tokens.get(self.at) {
                Some(Token::Word(name)) => (name.clone(), false),
                Some(Token::Text(name)) => (name.clone(), true),
                Some(other) => return Err(unexpected(other)),
                None => return error("`}` is missing at the end"),
            };
            self.at += 1;
            if ["=", "!=", "=~", "!~"].iter().any(|op| self.eat(op)) {
                match self.tokens.get(self.at) {
                    Some(Token::Text(value)) if name == "__name__" => select.metric = Some(value.clone()),
                    Some(Token::Text(_)) => select.labels.push(name),
                    Some(other) => {
                        return Err(SyntaxError { message: format!("{}; a quoted value is", unexpected(other).message) });
                    }
                    None => return error("`}` is missing at the end"),
                }
                self.at += 1;
            } else if quoted && select.metric.is_none() {
                // `{"http.requests"}`: a name that is no word.
                select.metric = Some(name);
            } else {
                return error(format!("label `{name}` is compared with nothing; write {name}=\"…\""));
            }
            // `or` parts alternatives in some dialects; Prometheus knows commas only.
            if !self.eat(",") && self.sign() != Some("}") {
                self.expect("}")?;
            }
        }
        Ok(Query::Select(select))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::ir::promql::Query;

    fn shown(query: &Query) -> String {
        match query {
            Query::Number(n) => n.to_string(),
            Query::Text => "text".into(),
            Query::Select(s) => {
                let range = s.range.map(|r| format!("[{r}]")).unwrap_or_default();
                format!("{}{{{}}}{range}", s.metric.as_deref().unwrap_or(""), s.labels.join(","))
            }
            Query::Call { function, args } => format!("{function}({})", args.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Query::Aggregate { name, grouping, args } => {
                let by = grouping.as_ref().map(|g| format!("{}:{}", if g.without { "-" } else { "+" }, g.labels.join(",")));
                format!("{name}<{}>({})", by.unwrap_or_default(), args.iter().map(shown).collect::<Vec<_>>().join(", "))
            }
            Query::Binary { op, left, right } => format!("({} {op} {})", shown(left), shown(right)),
            Query::Negative(inner) => format!("-{}", shown(inner)),
            Query::Subquery(inner) => format!("{}[:]", shown(inner)),
        }
    }

    #[test]
    fn queries_read_as_prometheus_reads_them() {
        for (query, tree) in [
            ("a + b * c ^ d ^ e", "(a{} + (b{} * (c{} ^ (d{} ^ e{}))))"),
            ("-a ^ 2", "-(a{} ^ 2)"),
            ("a or b and c > bool 1", "(a{} or (b{} and (c{} > 1)))"),
            (
                "sum by (code, le) (rate(x{code=~\"5..\",job='a'}[1h30m])) / sum(y) without (z)",
                "(sum<+:code,le>(rate(x{code,job}[5400])) / sum<-:z>(y{}))",
            ),
            ("topk(5, x offset -1d) # all", "topk<>(5, x{})"),
            ("max_over_time((a - b)[30m:1m] @ end()) * on (a) group_left b", "(max_over_time((a{} - b{})[:]) * b{})"),
            ("{__name__=\"up\"} == 0", "(up{} == 0)"),
            ("sum", "sum{}"),
            ("x offset 1m @ 123 [10m:5s]", "x{}[:]"),
            ("rate(x[2m * (10 + 5)]) + x[step()] * nan", "(rate(x{}[1800]) + (x{} * NaN))"),
            ("job:errors:rate5m > 1e-3", "(job:errors:rate5m{} > 0.001)"),
            ("{\"http.requests\", \"a.b\"=\"c\"}", "http.requests{a.b}"),
        ] {
            assert_eq!(parse(query).map(|q| shown(&q)), Ok(tree.to_owned()), "{query}");
        }
    }

    #[test]
    fn what_prometheus_refuses_is_refused() {
        for (query, why) in [
            ("sum(rate(x[5m])", "missing at the end"),
            ("x{code=500}", "a quoted value is"),
            ("x[5 minutes]", "`]` is"),
            ("x[5q]", "neither a number nor a time"),
            ("rate(x[m])", "a time such as 5m"),
            ("x{code}", "compared with nothing"),
            ("a b", "not expected"),
            ("a >", "missing at the end"),
            ("a && b", "means nothing"),
            ("x{a=\"b}", "not closed"),
            ("", "missing"),
            ("sum()", "nothing to aggregate"),
            ("rate(x)[5m]", "behind a metric"),
        ] {
            let error = parse(query).expect_err(query);
            assert!(error.message.contains(why), "{query}: {}", error.message);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[a-z0-9(){}\\[\\]\"=,.:@ é+*^-]{0,40}") {
            let _ = parse(&text);
        }
    }
}
