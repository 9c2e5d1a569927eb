//! pipewright: one KDL file in, every vendor's delivery configuration out. Equivalent, or an error.
//!
//! This page is the map. A spec walks through the rooms below from top to bottom, once, and never back; a room imports only rooms of lower
//! floors, and `tests/house.rs` holds that.
//!
//! ```text
//! floor 0  base     texts, spans, findings, failures
//! floor 1  syntax   KDL text -> spanned tree, held against one table of nodes          ir      the meaning, free of syntax and of vendors
//! floor 2  sema     tree -> meaning: expansion, names, types, events, order            target  what each vendor can hold, as data
//! floor 3  check    rules over the meaning; `Checked` is the proof that they ran
//! floor 4  plan     meaning -> what one target will run; `Plan` is the proof that nothing is lost in silence       render  views -> text
//! floor 5  back     plan -> files of one vendor                                        front   files of one vendor -> the text of a spec
//! floor 6  verify   files against the vendor's schema, and read back, against the meaning drift   files against the disk; the only writer
//! floor 7  driver   the list of passes
//! floor 8  cli      words for people and machines
//! ```
//!
//! **Floors.** Two rooms of one floor do not know each other: `syntax` cannot ask what a node means, `render` cannot ask what is rendered.
//! The order of the `pub mod` lines is alphabetical because rustfmt keeps it so; the order to read them in is the one above.
//!
//! **Proofs.** A pass takes the proof of the pass before: `plan` wants a [`check::Checked`], a back end wants a [`plan::Plan`]. There is one
//! constructor of each.
//!
//! **No typed tree between syntax and meaning.** Templates, `each`, constants and includes are put in place on the plain tree, before types;
//! the table of nodes then checks it, and `sema` reads it. A third set of structs would repeat the table and the meaning and add no check.
//!
//! **One table of nodes.** [`syntax::shape`] says what may stand where. The checker, the pages of `lang-spec/nodes` and the messages read it.
//!
//! **Vendors are data first.** What a vendor can hold is a row of `targets/<vendor>/capabilities.kdl`, its look a template beside it, its
//! schema and pins too. Rust is written only for translation. Adding a vendor: a folder, a `TargetId`, one room in `back`; the compiler and
//! the tests name what is missing.
//!
//! **A second opinion.** [`verify`] reads the written files as their vendors do and holds every run against the meaning. Its readers take
//! nothing from `plan`, `render` or `back`: what two rooms get wrong alike, neither would see.
//!
//! **Events are exact.** Filters are regular languages ([`ir::lang`]). [`sema::events`] lists one witness of every class of events that the
//! spec can tell apart, so "is present for" is a set of bits, and "is there an event for which…" a search that ends.
//!
//! **A finding is a value.** [`base::diag::Diagnostic`] is built where something is known and printed in `cli`; a failure of the process
//! ([`base::failure::Failure`]) is another type, and a bug of ours says so.
//!
//! **One reader, one writer.** Files are read in [`base::source`] and written in `drift::write`; nothing else touches the disk, no pass
//! reads the clock, the environment or the network, so equal specs give equal bytes.
//!
//! **To add a rule**: `src/check/<rule>.rs`, its row in `check`, its page in `lang-spec/rules`. **A node**: a row of the table, a field of
//! the meaning, a line of the lowering, a capability if a vendor lacks it, its page. **A portable action**: a node in `targets/actions.kdl`.

pub mod back;
pub mod base;
pub mod check;
pub mod cli;
pub mod drift;
pub mod driver;
pub mod front;
pub mod ir;
pub mod plan;
pub mod render;
pub mod sema;
pub mod syntax;
pub mod target;
pub mod verify;
