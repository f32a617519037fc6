//! `cargo xtask mutants`: takes each guard away, one at a time, and requires a test to notice.
//!
//! The table is `xtask/mutants.toml`; a mark in the source stands above each guard. The work
//! happens in a copy of the tree below `target/`: what is checked out here is only read.

mod marks;
mod run;
mod table;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Args;

use self::marks::Mark;
use self::table::{Mutant, load};
use crate::repository::read;

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

/// What is wrong with the table and the marks of this repository.
pub(crate) fn complaints() -> Result<Vec<String>> {
    Ok(table::check(&load()?, &marks::load()?, &read))
}

pub(crate) fn run(arguments: MutantsArguments) -> Result<ExitCode> {
    let complaints = complaints()?;
    if !complaints.is_empty() {
        bail!("the table does not fit the marks:\n{}", complaints.join("\n"));
    }
    let mut mutants = load()?;
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
    run::run(with_files(mutants, &marks::load()?))
}

/// Each mutant with the file of its mark.
fn with_files(mutants: Vec<Mutant>, marks: &[Mark]) -> Vec<(String, Mutant)> {
    let file = |name: &str| marks.iter().find(|mark| mark.name == name).map(|mark| &mark.file);
    let with_file = |mutant: Mutant| Some((file(&mutant.name)?.clone(), mutant));
    mutants.into_iter().filter_map(with_file).collect()
}
