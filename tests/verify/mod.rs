//! The readers of what is written, and what they find.

mod aws;
mod damage;
mod examples;
mod expected;
mod expressions;
mod hosts;
mod losses;
mod random;
