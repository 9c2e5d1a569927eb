//! The KDL reader: conformance, a second opinion, hostile texts, messages, formatter and printer.

mod plain;
mod suite;
