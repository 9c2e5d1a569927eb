//! The two streams of the process, and what the environment says about them.
#![allow(clippy::disallowed_methods, reason = "this is where the environment is read")]

use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;

use anstream::{AutoStream, ColorChoice};

use crate::cli::args::Color;

/// Where text goes.
pub(super) struct Console {
    color: Color,
    /// Under GitHub Actions, lines of the output that start with `::` are commands to the runner.
    on_github: bool,
}

/// One of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    /// What the command makes.
    Out,
    /// What it says about it.
    Error,
}

impl Console {
    /// A console with the colours that the user wants.
    pub(super) fn new(color: Color) -> Self {
        Self { color, on_github: std::env::var("GITHUB_ACTIONS").is_ok_and(|v| v == "true") }
    }

    /// One that never prints in colour.
    pub(super) fn plain() -> Self {
        Self::new(Color::Never)
    }

    /// Whether a stream takes colours.
    pub(super) fn colors(&self, stream: Stream) -> bool {
        let choice = match stream {
            Stream::Out => AutoStream::choice(&std::io::stdout()),
            Stream::Error => AutoStream::choice(&std::io::stderr()),
        };
        match self.color {
            Color::Auto => !matches!(choice, ColorChoice::Never),
            Color::Always => true,
            Color::Never => false,
        }
    }

    /// Prints what the command makes.
    pub(super) fn out(&self, text: &str) {
        self.print(Stream::Out, text);
    }

    /// Prints what the command says.
    pub(super) fn error(&self, text: &str) {
        self.print(Stream::Error, text);
    }

    /// Prints text as it is. A reader that went away is no error: `pipewright diff | head` is normal.
    pub(super) fn print(&self, stream: Stream, text: &str) {
        let _ = match stream {
            Stream::Out => std::io::stdout().lock().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()),
            Stream::Error => std::io::stderr().lock().write_all(text.as_bytes()),
        };
    }

    /// Prints text that quotes the user's files. The runner of GitHub Actions takes a line that starts with `::`, blanks before it or not, for a
    /// command, so there the text is wrapped in a stop with a word that nobody can guess.
    pub(super) fn quote(&self, stream: Stream, text: &str) {
        if !self.on_github || !text.contains("::") {
            return self.print(stream, text);
        }
        let word = format!("pipewright-{:016x}", std::hash::RandomState::new().build_hasher().finish());
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.print(stream, &format!("::stop-commands::{word}\n{text}{end}::{word}::\n"));
    }
}
