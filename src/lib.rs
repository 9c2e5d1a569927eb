//! pipewright: one KDL file in, every vendor's delivery configuration out. Equivalent, or an error.

pub mod base;
pub mod cli;
pub mod drift;
pub mod driver;
pub mod ir;
pub mod plan;
pub mod render;
pub mod sema;
pub mod syntax;
pub mod target;
pub mod verify;
