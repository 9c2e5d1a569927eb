//! Failures of the process, as opposed to findings about the user's files.

use std::fmt;

/// Why a command could not do its work at all.
#[derive(Debug)]
pub enum Failure {
    /// The command line, or the place it was called in, is wrong.
    Usage(String),
    /// The system refused a read or a write.
    Io(String),
    /// pipewright contradicts itself; never the user's fault.
    Internal(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Io(text) => write!(f, "{text}"),
            Self::Internal(text) => write!(f, "this is a bug in pipewright, not in your files: {text}"),
        }
    }
}

impl std::error::Error for Failure {}

/// What a command ends with: 0 clean, 1 findings or drift, 2 usage, system or internal error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings, or outputs that differ from the committed ones.
    Findings,
    /// The command could not do its work.
    Failed,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }
}
