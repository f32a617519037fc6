//! `cargo xtask ci`: everything that must hold before a change is merged.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{WASM_TARGET, cargo, run_inherit};
use crate::install::ensure_wasm_target;
use crate::progress::Progress;
use crate::repository::components;
use crate::test::TestArguments;
use crate::{chaos, test, tidy};

pub(crate) fn run() -> Result<ExitCode> {
    eprintln!("== format");
    run_inherit(cargo().args(["fmt", "--all", "--check"]))?;

    eprintln!("== lints of what runs natively");
    let deny = ["--", "--deny", "warnings"];
    run_inherit(cargo().args(["clippy", "--release", "--all-targets"]).args(deny))?;

    eprintln!("== lints of the components");
    ensure_wasm_target(&Progress::new())?;
    let mut guests = cargo();
    guests.args(["clippy", "--target", WASM_TARGET, "--profile", "component"]);
    guests.args(["--package", "guest"]);
    for name in components()? {
        guests.args(["--package", &name]);
    }
    run_inherit(guests.args(deny))?;

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
