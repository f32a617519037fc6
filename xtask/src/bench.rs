//! `cargo xtask bench`: measurements against a system of their own.

use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stack::{System, SystemOptions, beside_this_program, temporary_folder};

use crate::build::build_with_components;
use crate::cargo::status_of;
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::root;
use crate::runtime;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum BenchCommand {
    /// The waiting room: many streams at once, and how often others poll.
    Queue {
        /// Passed to `rush bench-queue`: --streams N,N, --release-per-s N,
        /// --into docs/waiting-room.md.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rush: Vec<String>,
    },
}

/// A stadium's streams, where files may be open for so many.
const STREAMS: u64 = 10_000;
/// What client and application need besides a socket for each stream.
const OTHER_FILES: u64 = 1_000;

pub(crate) fn run(command: BenchCommand) -> Result<ExitCode> {
    let BenchCommand::Queue { rush } = command;
    let streams = STREAMS.min(open_files()?.saturating_sub(OTHER_FILES));
    let progress = Arc::new(Progress::new());
    ensure_servers(&progress)?;
    build_with_components(&["host", "rush"], &progress)?;
    let steps = Arc::clone(&progress);
    let options = SystemOptions {
        on_step: Box::new(move |text| steps.step(text)),
        ..SystemOptions::new(&root(), runtime::host()?)
    };
    let system = System::start(&temporary_folder()?, options)?;
    progress.done();
    let mut command = Command::new(beside_this_program("rush")?);
    command.arg("bench-queue").arg("--application-pid").arg(system.application().pid().to_string());
    if !rush.iter().any(|argument| argument.starts_with("--streams")) {
        command.arg(format!("--streams=1000,{streams}"));
    }
    // The system is gone when this program ends.
    let status = status_of(command.args(rush).envs(system.environment()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many files this program and those that it starts may open: as many as the machine allows.
fn open_files() -> Result<u64> {
    let allowed = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: allowed.maximum, maximum: allowed.maximum };
    setrlimit(Resource::Nofile, raised)?;
    Ok(allowed.maximum.unwrap_or(u64::MAX))
}
