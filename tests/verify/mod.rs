//! The readers of what is written, and what they find.

mod aws;
mod damage;
mod examples;
mod expressions;
mod losses;
mod random;
