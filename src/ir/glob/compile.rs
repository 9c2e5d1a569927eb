//! From pieces to the exact set of strings.

use super::GlobPiece;
use crate::ir::automaton::{Automaton, Edge, LAST, TooComplex, symbol};
use crate::ir::lang::Lang;

/// A non-deterministic automaton: per state its steps, and the states it also is.
#[derive(Default)]
struct Nfa {
    edges: Vec<Vec<Edge>>,
    also: Vec<Vec<u32>>,
}

impl Nfa {
    fn state(&mut self) -> u32 {
        self.edges.push(Vec::new());
        self.also.push(Vec::new());
        self.edges.len() as u32 - 1
    }

    fn edge(&mut self, from: u32, lo: u32, hi: u32, to: u32) {
        self.edges[from as usize].push(Edge { lo, hi, to });
    }

    fn not_slash(&mut self, from: u32, to: u32) {
        let slash = symbol('/');
        self.edge(from, 0, slash - 1, to);
        self.edge(from, slash + 1, LAST, to);
    }

    /// Adds pieces behind a state; returns the state behind them.
    fn add(&mut self, pieces: &[GlobPiece], mut from: u32) -> u32 {
        for piece in pieces {
            let to = match piece {
                GlobPiece::Literal(text) => text.chars().fold(from, |at, c| {
                    let next = self.state();
                    self.edge(at, symbol(c), symbol(c), next);
                    next
                }),
                GlobPiece::AnyInSegment | GlobPiece::AnyRun => {
                    let run = self.state();
                    self.also[from as usize].push(run);
                    match piece {
                        GlobPiece::AnyRun => self.edge(run, 0, LAST, run),
                        _ => self.not_slash(run, run),
                    }
                    run
                }
                GlobPiece::AnyFolders => {
                    let (run, end) = (self.state(), self.state());
                    self.also[from as usize].extend([run, end]);
                    self.edge(run, 0, LAST, run);
                    self.edge(run, symbol('/'), symbol('/'), end);
                    end
                }
                GlobPiece::OneChar => {
                    let next = self.state();
                    self.not_slash(from, next);
                    next
                }
                GlobPiece::Class(ranges) => {
                    let next = self.state();
                    ranges.iter().for_each(|(lo, hi)| self.edge(from, symbol(*lo), symbol(*hi), next));
                    next
                }
                GlobPiece::Alternatives(list) => {
                    let end = self.state();
                    for alternative in list {
                        // A state of its own: a loop at the head of one alternative must not leak into the others.
                        let begin = self.state();
                        self.also[from as usize].push(begin);
                        let done = self.add(alternative, begin);
                        self.also[done as usize].push(end);
                    }
                    end
                }
            };
            from = to;
        }
        from
    }

    /// All states that these also are, sorted.
    fn close(&self, mut open: Vec<u32>) -> Vec<u32> {
        let mut found = open.clone();
        found.sort_unstable();
        found.dedup();
        while let Some(state) = open.pop() {
            for other in &self.also[state as usize] {
                if let Err(place) = found.binary_search(other) {
                    found.insert(place, *other);
                    open.push(*other);
                }
            }
        }
        found
    }
}

/// The strings that pieces match.
///
/// # Errors
/// When the automaton has more than `limit` states.
pub(super) fn compile(pieces: &[GlobPiece], limit: usize) -> Result<Lang, TooComplex> {
    if let [GlobPiece::Literal(text)] = pieces {
        return Ok(Lang::literal(text));
    }
    let mut nfa = Nfa::default();
    let start = nfa.state();
    let end = nfa.add(pieces, start);
    let step = |set: &Vec<u32>, out: &mut Vec<(u32, u32, Vec<u32>)>| {
        let edges: Vec<Edge> = set.iter().flat_map(|s| &nfa.edges[*s as usize]).copied().collect();
        let mut cuts: Vec<u32> = edges.iter().flat_map(|e| [e.lo, e.hi + 1]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let to: Vec<u32> = edges.iter().filter(|e| e.lo <= pair[0] && pair[0] <= e.hi).map(|e| e.to).collect();
            if !to.is_empty() {
                out.push((pair[0], pair[1] - 1, nfa.close(to)));
            }
        }
    };
    let accept = |set: &Vec<u32>| set.binary_search(&end).is_ok();
    Automaton::explore(nfa.close(vec![start]), limit, step, accept).map(Lang::wrap)
}
