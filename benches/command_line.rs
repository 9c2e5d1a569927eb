//! The reference of goal P3: the same command line, read and dropped, in a binary that holds nothing else.

use std::ffi::OsString;
use std::hint::black_box;

use clap::Parser as _;
use pipewright::cli::args::CommandLine;

fn main() {
    let words: Vec<OsString> = std::env::args_os().collect();
    // `cargo bench` runs it too, with this word behind all others: there is nothing to measure in it alone.
    if words.last().is_some_and(|word| word == "--bench") {
        return;
    }
    if let Err(error) = black_box(CommandLine::try_parse_from(words)) {
        let _ = error.print();
    }
}
