//! `cargo xtask mutants`: takes each guard away, one at a time, and requires a test to notice.
//!
//! The table is `xtask/mutants.toml`. The work happens in a copy of the tree below `target/`: what
//! is checked out here is only read.

mod run;
mod table;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;

pub(crate) use self::table::{Mutant, check, load};

/// Options of `mutants`.
#[derive(Args)]
pub(crate) struct MutantsArguments {
    /// Only print the table.
    #[arg(long)]
    list: bool,
    /// Only this mutant; may be given several times.
    #[arg(long)]
    only: Vec<String>,
}

pub(crate) fn run(arguments: MutantsArguments) -> Result<ExitCode> {
    let mut mutants = load()?;
    let complaints = check(&mutants);
    if !complaints.is_empty() {
        bail!("the table does not fit the tree:\n{}", complaints.join("\n"));
    }
    for name in &arguments.only {
        ensure!(mutants.iter().any(|mutant| mutant.name == *name), "no mutant is named {name}");
    }
    if !arguments.only.is_empty() {
        mutants.retain(|mutant| arguments.only.contains(&mutant.name));
    }
    if arguments.list {
        println!("| mutant | guard | promise | tests |\n|---|---|---|---|");
        for Mutant { name, guard, promise, tests, .. } in &mutants {
            println!("| {name} | {guard} | {promise} | `{tests}` |");
        }
        return Ok(ExitCode::SUCCESS);
    }
    run::run(mutants)
}
