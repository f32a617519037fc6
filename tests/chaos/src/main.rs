//! `chaos`: runs the harness. `cargo xtask chaos` builds everything it needs and calls it.

use std::process::ExitCode;

use chaos::fault::Fault;
use chaos::fault::schedule::{CI_MINUTES, CI_SEED};
use chaos::sabotage::Sabotage;
use chaos::{RunOptions, run};
use clap::Parser;

/// Breaks everything under a crowd and checks what was promised.
///
/// Starts a system of its own on free ports and stops it at the end. Exits with 1 when a promise is
/// broken; then the history stays in a folder that is told.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", max_term_width = 100)]
struct Arguments {
    /// Decides the faults, where they hit, and what the crowd does [default: a random one].
    #[arg(long)]
    seed: Option<u64>,
    /// How long the crowd stays; starting and settling come on top.
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// Only this fault, again and again; --list names them.
    #[arg(long, value_parser = fault)]
    fault: Option<Fault>,
    /// Names every fault and ends; with --seed, the faults of that seed.
    #[arg(long)]
    list: bool,
    /// The run of continuous integration: its seed and its length.
    #[arg(long, conflicts_with_all = ["seed", "minutes", "fault"])]
    ci: bool,
    /// Keeps the history and the logs even when every promise was kept.
    #[arg(long)]
    keep: bool,
    /// Breaks the system itself, to see that the checker notices.
    #[arg(long = "break", value_enum)]
    sabotage: Option<Sabotage>,
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| "no such fault; --list names all".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (seed, minutes) = match (arguments.ci, arguments.seed) {
        (true, _) => (CI_SEED, CI_MINUTES),
        (false, Some(seed)) => (seed, arguments.minutes),
        (false, None) => (fastrand::u64(1..1_000_000), arguments.minutes),
    };
    let options = RunOptions {
        seed,
        seconds: minutes.max(1) * 60,
        only: arguments.fault,
        keep: arguments.keep,
        sabotage: arguments.sabotage,
    };
    if arguments.list {
        match arguments.seed {
            Some(_) => chaos::run::print_plan(&options),
            None => Fault::all().iter().for_each(|fault| println!("{}", fault.name())),
        }
        return ExitCode::SUCCESS;
    }
    match run(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
