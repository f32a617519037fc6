//! `cargo xtask down`: stops what `up` has started.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use stack::stop_recorded;

use crate::repository::run_folder;
use crate::up::lock;

/// Options of `down`.
#[derive(Args)]
pub(crate) struct DownArguments {
    /// Remove the data, keys and secrets too: every event, booking and ticket is gone.
    #[arg(long)]
    wipe: bool,
}

pub(crate) fn run(arguments: DownArguments) -> Result<ExitCode> {
    let folder = run_folder();
    if !folder.exists() {
        println!("Nothing runs.");
        return Ok(ExitCode::SUCCESS);
    }
    let lock = lock(&folder)?;
    match stop_recorded(&folder)? {
        0 => println!("Nothing runs."),
        stopped => println!("Stopped {stopped} servers."),
    }
    // Its addresses lead nowhere now.
    let _ = fs::remove_file(folder.join("env"));
    if arguments.wipe {
        wipe(&folder)?;
        println!("Removed the data.");
    }
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

/// Removes the folder, and the data of Postgres where that had to be kept elsewhere.
fn wipe(folder: &Path) -> Result<()> {
    let data = folder.join("postgres/data");
    if data.is_symlink() {
        fs::remove_dir_all(fs::canonicalize(&data)?).context("cannot remove Postgres' data")?;
    }
    fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_removes_the_data_that_is_kept_elsewhere_too() {
        let (here, elsewhere) = (tempfile::tempdir(), tempfile::tempdir());
        let folder = here.expect("a folder").keep();
        let data = elsewhere.expect("a folder").keep();
        fs::create_dir(folder.join("postgres")).expect("a folder");
        fs::write(data.join("PG_VERSION"), "17").expect("a file");
        std::os::unix::fs::symlink(&data, folder.join("postgres/data")).expect("a link");
        wipe(&folder).expect("wipes");
        assert!(!folder.exists() && !data.exists());
    }
}
