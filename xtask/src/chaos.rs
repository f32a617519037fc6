//! `cargo xtask chaos`: builds what the fault harness needs and runs it.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;
use stack::beside_this_program;

use crate::build::{build_programs, build_with_components};
use crate::cargo::{run_inherit, status_of};
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::root;

/// Options of `chaos`.
#[derive(Args)]
pub(crate) struct ChaosArguments {
    /// Passed to the harness: --seed S, --minutes M, --fault NAME, --list, --help, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    harness: Vec<String>,
}

/// Options with which the harness only prints something.
const TALK: [&str; 3] = ["--help", "-h", "--list"];

pub(crate) fn run(arguments: ChaosArguments) -> Result<ExitCode> {
    let progress = Progress::new();
    if arguments.harness.iter().any(|word| TALK.contains(&word.as_str())) {
        build_programs(&["chaos"], &progress)?;
    } else {
        ensure_servers(&progress)?;
        build_with_components(&["chaos", "host"], &progress)?;
    }
    progress.done();
    let mut command = Command::new(beside_this_program("chaos")?);
    let status = status_of(command.args(&arguments.harness).current_dir(root()))?;
    // A code for a signal does not exist; any failure will do.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// The run of continuous integration, with the programs that the tests have built.
pub(crate) fn run_ci() -> Result<ExitCode> {
    let mut command = Command::new(beside_this_program("chaos")?);
    run_inherit(command.arg("--ci").env("BOXOFFICE_TEST_HOST", beside_this_program("host")?))?;
    Ok(ExitCode::SUCCESS)
}
