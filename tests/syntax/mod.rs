//! The KDL reader: conformance, a second opinion, hostile texts, messages, formatter, printer.

mod cases;
mod differential;
mod format;
mod hostile;
mod messages;
mod places;
mod plain;
mod print;
mod suite;
