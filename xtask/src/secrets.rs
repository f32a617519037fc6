//! `cargo xtask secrets`: makes the keys and secrets of a system that runs elsewhere, as in
//! containers.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use stack::{Secrets, redis_users, write_private};

/// The users of Redis, for its nodes to include.
const REDIS_USERS: &str = "redis-users.conf";

/// Options of `secrets`.
#[derive(Args)]
pub(crate) struct SecretsArguments {
    /// Where they are kept, one file each. Those that are there already stay.
    #[arg(long)]
    folder: PathBuf,
}

/// Also writes `folder/variables`: the secrets, and what is made of them, as the variables of
/// spin.toml, for a shell to read, and `folder/redis-users.conf`.
pub(crate) fn run(arguments: SecretsArguments) -> Result<ExitCode> {
    let secrets = Secrets::load_or_create(&arguments.folder)?;
    let variables = secrets.variables()?.into_iter();
    let lines: String = variables
        .map(|(name, value)| format!("export SPIN_VARIABLE_{}='{value}'\n", name.to_uppercase()))
        .collect();
    write_private(&arguments.folder.join("variables"), &lines)?;
    // Redis reads it as a user of its own, and a hash of so long a random password is no secret.
    let users = arguments.folder.join(REDIS_USERS);
    fs::write(&users, redis_users(&secrets.redis_password))
        .with_context(|| format!("cannot write {}", users.display()))?;
    Ok(ExitCode::SUCCESS)
}
