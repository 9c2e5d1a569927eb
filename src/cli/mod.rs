//! The command line: arguments, terminal, environment. One file a command.
//!
//! Invariant: only this room prints, reads the environment and the standard input, and decides the exit code.

pub mod args;
mod audit;
mod build;
mod check;
mod console;
mod day;
mod doctor;
mod events;
mod explain;
mod fmt;
mod import;
mod init;
mod many;
mod plan;
mod report;
mod settings;
mod specs;
mod targets;
mod test;
mod verify;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser as _};

use crate::base::failure::{Exit, Failure};
use crate::cli::args::{Command, CommandLine};
use crate::cli::console::Console;

/// Runs a command line, the program's name first.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    let line = match CommandLine::try_parse_from(words) {
        Ok(line) => line,
        Err(error) => {
            // Help and version come this way, too, and are no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failed } else { Exit::Clean };
        }
    };
    let console = Console::new(line.global.color);
    let result = match &line.command {
        Command::Check(which) => check::run(&line.global, which, &console),
        Command::Build { making, check: true, .. } => build::check(&line.global, making, &console, build::Says::Why),
        Command::Build { making, stdout: true, .. } => build::print(&line.global, making, &console),
        Command::Build { making, .. } => build::write(&line.global, making, &console),
        Command::Diff(making) => build::check(&line.global, making, &console, build::Says::Diff),
        Command::Explain { name } => explain::run(name.as_deref(), &console),
        Command::Plan(planning) => plan::run(&line.global, planning, &console),
        Command::Verify(which) => verify::run(&line.global, which, &console),
        Command::Test(which) => test::run(&line.global, which, &console),
        Command::Targets { word } => targets::run(word.as_deref(), &console),
        Command::Fmt { which, check } => fmt::run(&line.global, which, *check, &console),
        Command::Settings { target, form } => settings::run(&line.global, target.as_deref(), *form, &console),
        Command::Doctor { target, export } => doctor::run(&line.global, target, export, &console),
        Command::Events { target } => events::run(&line.global, target, &console),
        Command::Import(what) => import::run(&line.global, what, &console),
        Command::Audit(what) => audit::run(what, &console),
        Command::Stories => events::stories(&line.global, &console),
        Command::Init => init::run(&line.global, &console),
        Command::Completions { shell } => completions(*shell, &console),
        Command::Man => man(&console),
    };
    result.unwrap_or_else(|failure| {
        console.error(&format!("pipewright: {}\n", report::clean::line(&failure.to_string())));
        Exit::Failed
    })
}

fn completions(shell: clap_complete::Shell, console: &Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "pipewright", &mut script);
    console.out(&String::from_utf8_lossy(&script));
    Ok(Exit::Clean)
}

fn man(console: &Console) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(CommandLine::command())
        .render(&mut page)
        .map_err(|e| Failure::Io(format!("cannot make the page: {e}")))?;
    console.out(&String::from_utf8_lossy(&page));
    Ok(Exit::Clean)
}

/// Makes a panic a short text and exit code 2: neither the spec nor the environment is printed.
#[allow(clippy::disallowed_methods, reason = "with panic=abort the process would end by a signal right after this")]
pub fn guard() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        Console::plain().error(&format!(
            "pipewright: this is a bug in pipewright, not in your files{place}; nothing more is written.\nPlease report it with the command and, if you may, the spec.\n"
        ));
        std::process::exit(i32::from(Exit::Failed.code()));
    }));
}
