//! `cargo xtask bench`: measurements against a system of their own.

use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use stack::{System, SystemOptions, beside_this_program, temporary_folder};

use crate::build::{build_components, build_programs};
use crate::cargo::status_of;
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::root;
use crate::runtime::build_host;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum BenchCommand {
    /// The waiting room: many streams at once, and how often others poll.
    Queue {
        /// Passed to `rush bench-queue`: --streams N, --release-per-s N.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rush: Vec<String>,
    },
}

pub(crate) fn run(command: BenchCommand) -> Result<ExitCode> {
    let BenchCommand::Queue { rush } = command;
    let progress = Arc::new(Progress::new());
    build_programs(&["rush"], &progress)?;
    ensure_servers(&progress)?;
    build_components(&progress)?;
    let steps = Arc::clone(&progress);
    let options = SystemOptions {
        on_step: Box::new(move |text| steps.step(text)),
        ..SystemOptions::new(&root(), build_host(&progress)?)
    };
    let system = System::start(&temporary_folder()?, options)?;
    progress.done();
    let mut command = Command::new(beside_this_program("rush")?);
    command.arg("bench-queue").arg("--application-pid").arg(system.application().pid().to_string());
    // The system is gone when this program ends.
    let status = status_of(command.args(rush).envs(system.environment()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
