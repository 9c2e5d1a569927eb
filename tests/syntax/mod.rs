//! The KDL reader: conformance, a second opinion, hostile texts and messages.

mod cases;
mod differential;
mod hostile;
mod messages;
mod places;
mod plain;
mod suite;
