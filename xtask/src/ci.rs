//! `cargo xtask ci`: everything that must hold before a change is merged.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{WASM_TARGET, cargo, run_inherit};
use crate::compile::{Build, compile};
use crate::install::ensure_wasm_target;
use crate::progress::Progress;
use crate::repository::components;
use crate::test::TestArguments;
use crate::{chaos, test, tidy};

pub(crate) fn run() -> Result<ExitCode> {
    eprintln!("== format");
    run_inherit(cargo().args(["fmt", "--all", "--check"]))?;

    eprintln!("== lints");
    lint()?;

    eprintln!("== tidy");
    let tidy = tidy::run()?;
    if tidy != ExitCode::SUCCESS {
        return Ok(tidy);
    }

    eprintln!("== tests");
    test::run(TestArguments::default())?;

    eprintln!("== faults");
    chaos::run_ci()
}

/// Of what runs natively and of the components, at the same time. The profiles are those of the
/// builds, so that both share build scripts and macros.
fn lint() -> Result<()> {
    let progress = Progress::new();
    ensure_wasm_target(&progress)?;
    let deny = ["--", "--deny", "warnings"];
    let mut native = cargo();
    native.args(["clippy", "--release", "--all-targets"]).args(deny);
    let mut guests = cargo();
    guests.args(["clippy", "--target", WASM_TARGET, "--profile", "component"]);
    guests.args(["--package", "guest"]);
    for name in components()? {
        guests.args(["--package", &name]);
    }
    guests.args(deny);
    progress.step("Checking the lints");
    let components = Build { what: "components", command: guests };
    compile(vec![components, Build { what: "native", command: native }], &progress)
}
