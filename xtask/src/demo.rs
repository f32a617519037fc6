//! `cargo xtask demo`: runs `rush demo` against the running system, else against one of its own.

use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use stack::{System, SystemOptions, beside_this_program, temporary_folder};

use crate::build::{build_programs, build_with_components};
use crate::cargo::status_of;
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::{root, run_folder};
use crate::runtime;
use crate::up::{PROVIDER, local_provider, running};

/// Options of `demo`.
#[derive(Args)]
pub(crate) struct DemoArguments {
    /// Passed to `rush demo`: --buyers N, --seats M, --concurrency C, --json, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rush: Vec<String>,
}

pub(crate) fn run(arguments: DemoArguments) -> Result<ExitCode> {
    let progress = Arc::new(Progress::new());
    if let Some(running) = running(&run_folder()) {
        build_programs(&["rush"], &progress)?;
        progress.done();
        eprintln!("Using the system on {}", running.base_url);
        return rush(&arguments.rush, running.variables.into_iter());
    }
    ensure_servers(&progress)?;
    let provider = local_provider()?;
    let programs = ["host", "rush"].into_iter().chain(provider.is_some().then_some(PROVIDER));
    build_with_components(&programs.collect::<Vec<_>>(), &progress)?;
    let steps = Arc::clone(&progress);
    let options = SystemOptions {
        provider,
        on_step: Box::new(move |text| steps.step(text)),
        ..SystemOptions::new(&root(), runtime::host()?)
    };
    let system = System::start(&temporary_folder()?, options)?;
    progress.done();
    let variables = system.environment();
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    // Its servers and folder are gone when this program ends.
    rush(&arguments.rush, variables)
}

fn rush(words: &[String], variables: impl Iterator<Item = (String, String)>) -> Result<ExitCode> {
    let mut command = Command::new(beside_this_program("rush")?);
    let status = status_of(command.arg("demo").args(words).envs(variables))?;
    // A code for a signal does not exist; any failure will do.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
