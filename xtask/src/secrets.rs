//! `cargo xtask secrets`: makes the keys and secrets of a system that runs elsewhere, as in
//! containers.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use stack::{Secrets, write_private};

/// Options of `secrets`.
#[derive(Args)]
pub(crate) struct SecretsArguments {
    /// Where they are kept, one file each. Those that are there already stay.
    #[arg(long)]
    folder: PathBuf,
}

/// Also writes `folder/variables`: the secrets, and what is made of them, as the variables of
/// spin.toml, for a shell to read.
pub(crate) fn run(arguments: SecretsArguments) -> Result<ExitCode> {
    let secrets = Secrets::load_or_create(&arguments.folder)?;
    let variables = secrets.variables()?.into_iter();
    let lines: String = variables
        .map(|(name, value)| format!("export SPIN_VARIABLE_{}='{value}'\n", name.to_uppercase()))
        .collect();
    write_private(&arguments.folder.join("variables"), &lines)?;
    Ok(ExitCode::SUCCESS)
}
