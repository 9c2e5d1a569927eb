//! The readers of what is written, and what they find.

mod damage;
mod examples;
mod expressions;
mod losses;
mod random;
