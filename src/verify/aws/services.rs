//! The containers that a build starts beside itself: `docker run --detach --name NAME … IMAGE`
//! (<https://docs.docker.com/reference/cli/docker/container/run/>).

use crate::verify::behaviour::{Beside, Said, Variables};
use crate::verify::script::bits;

/// Those of scripts, in their order. One that may be missing is none.
pub(super) fn services(texts: &[Said]) -> Vec<Beside> {
    let calls = texts.iter().filter(|t| !t.soft).filter_map(|t| t.text.split_once("docker run "));
    calls.filter_map(|(_, call)| started(&words(call))).collect()
}

/// The container of a call; none for one that the script waits for.
fn started(words: &[&str]) -> Option<Beside> {
    let (mut name, mut env, mut behind) = (None, Variables::new(), false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--detach" => behind = true,
            "--name" => name = words.next().map(|w| (*w).to_owned()),
            "--publish" => _ = words.next(),
            "--env" => {
                let (name, value) = words.next()?.split_once('=')?;
                env.insert(name.to_owned(), bits(value)?);
            }
            option if option.starts_with('-') => return None,
            image => return Some(Beside { name: name.filter(|_| behind)?, image: bits(image)?, env }),
        }
    }
    None
}

/// The words of a command, with their quotes.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut quote, mut start, mut escaped) = (None, None, false);
    for (at, c) in text.char_indices() {
        let blank = quote.is_none() && !escaped && c.is_whitespace();
        match (blank, start) {
            (true, Some(from)) => {
                found.push(&text[from..at]);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            _ => {}
        }
    }
    found.extend(start.map(|from| &text[from..]));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::behaviour::Bit;

    #[test]
    fn a_container_that_stays_is_a_service() {
        let of = |text: &str, soft: bool| services(&[Said { text: text.to_owned(), soft }]);
        let run = "docker run --detach --name db --publish 5432:5432 --env A=1 --env C=\"x $TAG\" 'postgres:16'";
        assert!(of(&run.replace("--detach ", ""), false).is_empty());
        assert!(of(run, true).is_empty());
        let found = of(&format!("docker inspect db > /dev/null 2>&1 || {}", run), false);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), &found[0].image), ("db", &vec![Bit::Text("postgres:16".to_owned())]));
        assert_eq!(found[0].env["A"], [Bit::Text("1".to_owned())]);
        assert_eq!(found[0].env["C"], [Bit::Text("x ".to_owned()), Bit::Symbol("TAG".to_owned())]);
    }
}
