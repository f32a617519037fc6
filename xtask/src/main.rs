//! `cargo xtask`: everything one does with this repository, one file per subcommand.

mod bench;
mod build;
mod cargo;
mod chaos;
mod ci;
mod compile;
mod demo;
mod down;
mod fuzz;
mod install;
mod migrate;
mod mutants;
mod progress;
mod repository;
mod runtime;
mod secrets;
mod test;
mod tidy;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Run, test and check Boxoffice.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the whole system on this machine and serve on http://127.0.0.1:3000.
    Up(up::UpArguments),
    /// Stop everything `up` has started.
    Down(down::DownArguments),
    /// Run it: a crowd buys an event out, then every seat is audited. Sets up what it needs.
    Demo(demo::DemoArguments),
    /// Measure on a system of its own.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Build the components for WebAssembly.
    Build(build::BuildArguments),
    /// Break everything under a crowd, and check each promise.
    #[command(disable_help_flag = true)]
    Chaos(chaos::ChaosArguments),
    /// Check it: every test, on one Redis Cluster and one Postgres. Sets up what it needs.
    Test(test::TestArguments),
    /// Check all that must hold before a merge: format, lints, tidy, tests, faults.
    Ci,
    /// Check the house rules that the compiler does not know.
    Tidy,
    /// Look for inputs that break a reader of text from outside.
    Fuzz(fuzz::FuzzArguments),
    /// Remove each guard in turn and require a test to notice.
    Mutants(mutants::MutantsArguments),
    /// Bring a database to the newest schema.
    Migrate(migrate::MigrateArguments),
    /// Make the keys and secrets of a system that runs elsewhere.
    Secrets(secrets::SecretsArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(arguments) => up::run(arguments),
        Command::Down(arguments) => down::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Bench(command) => bench::run(command),
        Command::Build(arguments) => build::run(arguments),
        Command::Chaos(arguments) => chaos::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Ci => ci::run(),
        Command::Tidy => tidy::run(),
        Command::Fuzz(arguments) => fuzz::run(arguments),
        Command::Mutants(arguments) => mutants::run(arguments),
        Command::Migrate(arguments) => migrate::run(arguments),
        Command::Secrets(arguments) => secrets::run(arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
