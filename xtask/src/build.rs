//! `cargo xtask build`: the components, for WebAssembly; and the native programs for the others.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo::{cargo, run_quietly};
use crate::install::ensure_wasm_target;
use crate::progress::Progress;
use crate::repository::{components, root};

/// What the components are compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

pub(crate) fn run() -> Result<ExitCode> {
    let progress = Progress::new();
    build_components(&progress)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds every component where spin.toml looks for it: in target/ of the repository, wherever
/// else native builds go.
pub(crate) fn build_components(progress: &Progress) -> Result<()> {
    ensure_wasm_target(progress)?;
    progress.step("Building the components");
    let mut command = cargo();
    command.args(["build", "--target", WASM_TARGET, "--profile", "component", "--target-dir"]);
    command.arg(root().join("target"));
    for name in components()? {
        command.args(["--package", &name]);
    }
    run_quietly(&mut command, progress)
}

/// Builds native programs of this workspace, in the target folder of this tool.
pub(crate) fn build_programs(names: &[&str], progress: &Progress) -> Result<()> {
    progress.step(&format!("Building {}", names.join(" and ")));
    let mut command = cargo();
    command.args(["build", "--release", "--target-dir"]).arg(target_folder()?);
    for name in names {
        command.args(["--package", name]);
    }
    run_quietly(&mut command, progress)
}

/// The target folder this tool was built in: the parent of its profile's folder.
fn target_folder() -> Result<PathBuf> {
    let profile = stack::beside_this_program("..")?;
    profile.canonicalize().with_context(|| format!("cannot find {}", profile.display()))
}
