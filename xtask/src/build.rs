//! `cargo xtask build`: the components, for WebAssembly; and the native programs for the others.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo::{WASM_TARGET, cargo};
use crate::compile::{Build, COMPONENTS, compile};
use crate::install::ensure_wasm_target;
use crate::progress::Progress;
use crate::repository::{components, root};

/// Options of `build`.
#[derive(Args)]
pub(crate) struct BuildArguments {
    /// As small and fast as they get, for a system that serves: takes some times longer.
    #[arg(long)]
    release: bool,
}

/// What `--release` changes in the profile of the components.
const LEAN: [&str; 3] = [
    "profile.component.opt-level=3",
    "profile.component.lto=\"fat\"",
    "profile.component.codegen-units=1",
];

pub(crate) fn run(arguments: BuildArguments) -> Result<ExitCode> {
    let progress = Progress::new();
    let mut build = components_build(&progress)?;
    if arguments.release {
        build.command.args(LEAN.iter().flat_map(|setting| ["--config", setting]));
    }
    progress.step("Building the components");
    compile(vec![build], &progress)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds native programs of this workspace, in the target folder of this tool.
pub(crate) fn build_programs(names: &[&str], progress: &Progress) -> Result<()> {
    progress.step(&format!("Building {}", names.join(" and ")));
    compile(vec![Build { what: "programs", command: programs_command(names)? }], progress)
}

/// Builds every component and native programs at the same time: each has phases in which it keeps
/// one processor only.
pub(crate) fn build_with_components(programs: &[&str], progress: &Progress) -> Result<()> {
    let mut builds = vec![components_build(progress)?];
    if programs.is_empty() {
        progress.step("Building the components");
    } else {
        progress.step(&format!("Building {} and the components", programs.join(", ")));
        builds.push(Build { what: "programs", command: programs_command(programs)? });
    }
    compile(builds, progress)
}

/// The components go where spin.toml looks for them: in target/ of the repository, wherever else
/// native builds go.
pub(crate) fn components_build(progress: &Progress) -> Result<Build> {
    ensure_wasm_target(progress)?;
    let mut command = cargo();
    command.args(["build", "--target", WASM_TARGET, "--profile", "component", "--target-dir"]);
    command.arg(root().join("target"));
    for name in components()? {
        command.args(["--package", &name]);
    }
    Ok(Build { what: COMPONENTS, command })
}

/// Names programs and never packages: so cargo selects the default members, as for the tests, and
/// what is compiled for one program has the features that all others need.
fn programs_command(names: &[&str]) -> Result<Command> {
    let mut command = cargo();
    command.args(["build", "--release", "--target-dir"]).arg(target_folder()?);
    for name in names {
        command.args(["--bin", name]);
    }
    Ok(command)
}

/// The target folder this tool was built in: the parent of its profile's folder.
fn target_folder() -> Result<PathBuf> {
    let profile = stack::beside_this_program("..")?;
    profile.canonicalize().with_context(|| format!("cannot find {}", profile.display()))
}
