//! `cargo xtask test`: every test.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use stack::{Durability, Postgres, RedisCluster, RedisOptions, Runtime, temporary_folder};

use crate::build::build_components;
use crate::cargo::{cargo, run_openly, run_quietly};
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::root;
use crate::runtime::{build_host, program};

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
    build_components(&progress)?;
    let host = if arguments.cargo.is_empty() {
        build_with_tests(&progress)?
    } else {
        build_host(&progress)?
    };
    progress.step("Starting the Redis Cluster and Postgres of the tests");
    let folder = temporary_folder()?;
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
    command.env("BOXOFFICE_TEST_HOST", program(&host));
    run_openly(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// The host as the tests build it, beside them: alone it would have other features of its
/// dependencies, and the heavy ones would be compiled twice.
fn build_with_tests(progress: &Progress) -> Result<Runtime> {
    progress.step("Building the host and the tests");
    run_quietly(cargo().args(["test", "--release", "--no-run"]), progress)?;
    progress.done();
    Ok(Runtime::Host(stack::beside_this_program("host")?))
}
