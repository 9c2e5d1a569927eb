//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    pipewright::cli::guard();
    ExitCode::from(pipewright::cli::run(std::env::args_os()).code())
}
