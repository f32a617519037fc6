//! `rush`: the command-line client, demonstration and load generator of Boxoffice.
//!
//! # Layout
//!
//! - [`client`] sends one request, measured and retried; [`api`] names every route that is used.
//! - [`waiting`] waits for a pass, on a [`stream`] or by polls.
//! - [`command`]: one file per subcommand for people and scripts.
//! - [`demo`]: a crowd buys an event out, cheats and all.
//! - [`audit`]: compares the API, Redis and Postgres once the crowd has gone.
//! - [`bench`]: measures the waiting room.
//! - [`payment`] and [`signature`] play the payment provider.

mod api;
mod audit;
mod bench;
mod client;
mod command;
mod demo;
mod latency;
mod payment;
mod problem;
mod signature;
mod stream;
mod table;
mod waiting;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sell tickets from the command line, or watch a crowd do it.
#[derive(Parser)]
#[command(name = "rush", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
`.run/env` of a running system holds everything the options ask for:

    set -a; . .run/env; set +a
    eval \"$(rush login)\"
    rush event create --name 'Opening night' --section A=20x30@5000 --section FLOOR=500@3500
    rush queue join <event-id> --wait
    rush reserve <event-id> --section A --quantity 2";

#[derive(Subcommand)]
enum Command {
    /// A crowd buys an event out, then every seat is audited. Fails when anything is wrong.
    Demo(demo::DemoArguments),
    /// Become a guest: prints a token for BUYER_TOKEN.
    Login(command::login::LoginArguments),
    /// Create, show and list events.
    #[command(subcommand)]
    Event(command::event::EventCommand),
    /// Join the queue of an event, or see how far it is.
    #[command(subcommand)]
    Queue(command::queue::QueueCommand),
    /// Hold seats.
    Reserve(command::reserve::ReserveArguments),
    /// Give held seats back.
    Release(command::release::ReleaseArguments),
    /// The tickets of a confirmed booking, with their codes.
    Tickets(command::tickets::TicketsArguments),
    /// Show a ticket at the door, as the organiser.
    CheckIn(command::check_in::CheckInArguments),
    /// How many seats are free, held and sold.
    Availability(command::availability::AvailabilityArguments),
    /// Measure the waiting room: many streams at once, and how often others poll.
    BenchQueue(bench::BenchQueueArguments),
    /// Check the draw of an event: the commitment, and any number of places.
    VerifyDraw(command::verify_draw::VerifyDrawArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("rush: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(arguments) => return demo::run(arguments).await,
        Command::Login(arguments) => command::login::run(arguments).await?,
        Command::Event(subcommand) => command::event::run(subcommand).await?,
        Command::Queue(subcommand) => command::queue::run(subcommand).await?,
        Command::Reserve(arguments) => command::reserve::run(arguments).await?,
        Command::Release(arguments) => command::release::run(arguments).await?,
        Command::Tickets(arguments) => command::tickets::run(arguments).await?,
        Command::CheckIn(arguments) => command::check_in::run(arguments).await?,
        Command::Availability(arguments) => command::availability::run(arguments).await?,
        Command::BenchQueue(arguments) => bench::run(arguments).await?,
        Command::VerifyDraw(arguments) => command::verify_draw::run(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
