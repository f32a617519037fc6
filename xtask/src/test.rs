//! `cargo xtask test`: every test.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use stack::{
    Durability, Postgres, RedisCluster, RedisOptions, Runtime, System, SystemOptions,
    temporary_folder,
};

use crate::build::{build_with_components, components_build};
use crate::cargo::{cargo, run_inherit};
use crate::compile::{Build, compile};
use crate::install::{ensure_browser, ensure_servers};
use crate::progress::Progress;
use crate::repository::root;

/// Options of `test`.
#[derive(Args, Default)]
pub(crate) struct TestArguments {
    /// Passed to `cargo test`, as `--package scripts` or `-- name_of_a_test`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

pub(crate) fn run(arguments: TestArguments) -> Result<ExitCode> {
    let progress = Progress::new();
    ensure_servers(&progress)?;
    let axe = ensure_browser(&progress)?;
    if arguments.cargo.is_empty() {
        build_with_tests(&progress)?;
    } else {
        build_with_components(&["host"], &progress)?;
    }
    let host = stack::beside_this_program("host")?;
    let folder = temporary_folder()?;
    start_once(&folder, &host, &progress)?;
    progress.step("Starting the Redis Cluster and Postgres of the tests");
    let redis = RedisCluster::start(&folder.join("redis"), &RedisOptions::default())?;
    let postgres = Postgres::start(&folder.join("postgres"), Durability::Process)?;
    stack::migrate(&postgres.url(), &root().join("infra/postgres"))?;
    progress.done();

    // Without more words cargo tests the default members: all that runs natively. The components
    // are tested through the host. Its last lines, the summaries, are ours too.
    let mut command = cargo();
    command.args(["test", "--release", "--no-fail-fast"]).args(&arguments.cargo);
    command.env("BOXOFFICE_TEST_REDIS_NODES", redis.nodes().join(","));
    command.env("BOXOFFICE_TEST_DATABASE_URL", postgres.url());
    command.env("BOXOFFICE_TEST_HOST", host);
    command.env("BOXOFFICE_TEST_AXE", axe);
    run_inherit(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// The first start of the host compiles the components, which takes both processors for a while.
/// Tests that start several hosts at once would each compile all of them.
fn start_once(folder: &Path, host: &Path, progress: &Progress) -> Result<()> {
    progress.step("Starting the host once: it compiles the components for this machine");
    let mut options = SystemOptions::new(&root(), Runtime::Host(host.to_owned()));
    options.durability = Durability::Process;
    System::start(&folder.join("first_start"), options)?.stop()
}

/// The components, the tests, and all programs beside them: the host is one.
fn build_with_tests(progress: &Progress) -> Result<()> {
    let components = components_build(progress)?;
    progress.step("Building the components, the programs and their tests");
    let mut command = cargo();
    command.args(["test", "--release", "--no-run"]);
    compile(vec![components, Build { what: "tests", command }], progress)
}
