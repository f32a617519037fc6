//! `cargo xtask migrate`: brings a database to the newest schema.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::repository::root;

/// Options of `migrate`.
#[derive(Args)]
pub(crate) struct MigrateArguments {
    /// The database, as postgres://user:password@host:5432/name.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// The folder of the schema (migrations, functions, rights); without this, the one of this
    /// repository.
    #[arg(long)]
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: MigrateArguments) -> Result<ExitCode> {
    let folder = arguments.folder.unwrap_or_else(|| root().join("infra/postgres"));
    let migrated = stack::migrate(&arguments.database_url, &folder)?;
    match migrated.migrations {
        0 => println!("The tables are the newest."),
        applied => println!("Applied {applied} migrations."),
    }
    println!(
        "{}",
        match migrated.functions {
            true => "Applied the functions and rights.",
            false => "The functions and rights are the newest.",
        }
    );
    Ok(ExitCode::SUCCESS)
}
