//! Comments of a YAML text, which its events do not tell.

use std::collections::BTreeMap;

/// The comments by line, from 1.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    own: BTreeMap<usize, String>,
    code: Vec<bool>,
}

impl Comments {
    /// The lines of a text that hold nothing but a comment. `is_block` says of a line whether it lies in a block scalar, where `#` is text.
    pub fn of(text: &str, is_block: impl Fn(usize) -> bool) -> Self {
        let mut found = Self { own: BTreeMap::new(), code: vec![false] };
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let trimmed = line.trim_start();
            let comment = trimmed.strip_prefix('#').filter(|_| !is_block(line_number));
            if let Some(comment) = comment {
                found.own.insert(line_number, comment.trim().to_owned());
            }
            found.code.push(comment.is_none() && !trimmed.is_empty());
        }
        found
    }

    /// Takes the comments that stand directly above a line, top down; blank lines end them.
    pub fn above(&mut self, line: usize) -> Vec<String> {
        let mut taken = Vec::new();
        let mut at = line;
        while at > 1
            && let Some(comment) = self.own.remove(&(at - 1))
        {
            taken.push(comment);
            at -= 1;
        }
        taken.reverse();
        taken
    }

    /// The comment that stands directly above a line, which stays.
    pub fn directly_above(&self, line: usize) -> Option<&str> {
        self.own.get(&line.checked_sub(1)?).map(String::as_str)
    }

    /// Takes what is left between two lines, the first included and the last not.
    pub fn between(&mut self, from: usize, to: usize) -> Vec<String> {
        let lines: Vec<usize> = self.own.range(from..to).map(|(l, _)| *l).collect();
        lines.into_iter().filter_map(|l| self.own.remove(&l)).collect()
    }

    /// The first line that holds something else than a comment.
    pub fn first_code(&self) -> usize {
        self.code.iter().position(|c| *c).unwrap_or(self.code.len())
    }

    /// How many nobody has taken.
    pub fn left(&self) -> usize {
        self.own.len()
    }
}
