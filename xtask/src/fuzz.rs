//! `cargo xtask fuzz`: unforeseen inputs for every reader of text from outside.
//!
//! The targets are in `fuzz/`, the properties beside what they test (`src/fuzzing`). Without a
//! sanitizer, so that the toolchain of this repository does: there is no unsafe code to watch.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use stack::find_program;

use crate::cargo::{cargo, run_captured, status_of};
use crate::progress::Progress;
use crate::repository::root;

/// Options of `fuzz`.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The only target to run; without this, all.
    target: Option<String>,
}

pub(crate) fn run(arguments: FuzzArguments) -> Result<ExitCode> {
    let progress = Progress::new();
    let known = targets()?;
    let chosen = match arguments.target {
        Some(target) => {
            ensure!(known.contains(&target), "no such target; there are {}", known.join(", "));
            vec![target]
        }
        None => known,
    };
    ensure_cargo_fuzz(&progress)?;
    progress.step("Building the fuzz targets");
    run_captured(&mut cargo_fuzz(&["build"]), &progress)?;
    progress.done();
    let mut broken = Vec::new();
    for target in chosen {
        eprintln!("== {target}, {} s", arguments.seconds);
        if !fuzz(&target, arguments.seconds)? {
            broken.push(target);
        }
    }
    if broken.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("broken: {}; the inputs are in fuzz/artifacts", broken.join(", "));
    Ok(ExitCode::FAILURE)
}

/// The targets are the files in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {folder:?}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Whether the target held. Inputs that it learns stay out of the corpus, which is kept small by
/// hand: an input that broke something belongs there, with a name that says what it is.
fn fuzz(target: &str, seconds: u32) -> Result<bool> {
    let learned = root().join("fuzz/target/learned").join(target);
    fs::create_dir_all(&learned).with_context(|| format!("cannot create {learned:?}"))?;
    let mut command = cargo_fuzz(&["run", target]);
    command.arg(&learned).arg(root().join("fuzz/corpus").join(target));
    command.args(["--", "-print_final_stats=1", "-verbosity=0"]);
    command.arg(format!("-max_total_time={seconds}"));
    Ok(status_of(&mut command)?.success())
}

fn cargo_fuzz(words: &[&str]) -> Command {
    let mut command = cargo();
    let (verb, rest) = words.split_first().unwrap_or((&"list", &[]));
    command.current_dir(root().join("fuzz")).args(["fuzz", verb, "--sanitizer", "none"]).args(rest);
    command
}

fn ensure_cargo_fuzz(progress: &Progress) -> Result<()> {
    let home = std::env::home_dir().map(|home| home.join(".cargo/bin"));
    if find_program("cargo-fuzz", home.into_iter()).is_some() {
        return Ok(());
    }
    progress.step("Installing cargo-fuzz");
    run_captured(cargo().args(["install", "cargo-fuzz", "--locked"]), progress)
}
