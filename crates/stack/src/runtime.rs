//! What runs spin.toml: this repository's host, or Spin.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

/// Spin takes a stack for each request in flight and has 1,000; a request without one ends its
/// instance with all other requests of it. A crowd that presses at the same moment needs more.
const SPIN_STACKS: &str = "8192";

/// Where `cargo xtask test` says the host is.
const HOST_VARIABLE: &str = "BOXOFFICE_TEST_HOST";

/// A program that runs spin.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// The host of this repository, at this path.
    Host(PathBuf),
    /// Spin, at this path.
    Spin(PathBuf),
}

impl Runtime {
    /// The host that was built beside the program that asks.
    pub fn host() -> Result<Self> {
        let program = match env::var_os(HOST_VARIABLE) {
            Some(path) => PathBuf::from(path),
            None => beside_this_program("host")?,
        };
        ensure!(
            program.is_file(),
            "{} is not there: build it with `cargo build --release --bin host`",
            program.display()
        );
        Ok(Self::Host(program))
    }

    /// The name people know it by.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Spin(_) => "spin",
        }
    }

    pub(crate) fn command(&self, root: &Path, listen: &str) -> Command {
        let manifest = root.join("spin.toml");
        let mut command = match self {
            Self::Host(program) => Command::new(program),
            Self::Spin(program) => Command::new(program),
        };
        match self {
            Self::Host(_) => {
                // The second start finds the compiled components there.
                let cache = root.join("target/host-cache");
                command.arg("--manifest").arg(manifest).arg("--cache-folder").arg(cache)
            }
            Self::Spin(_) => {
                command.env("SPIN_WASMTIME_TOTAL_STACKS", SPIN_STACKS);
                command.args(["up", "--from"]).arg(manifest)
            }
        };
        command.args(["--listen", listen]).current_dir(root);
        command
    }
}

/// A program of this workspace in the same target folder. Tests run from its `deps` folder.
pub fn beside_this_program(name: &str) -> Result<PathBuf> {
    let this = env::current_exe()?;
    let folder = this.parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with("deps") { folder.join("..") } else { folder.to_owned() };
    Ok(folder.join(name))
}
