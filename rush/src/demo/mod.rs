//! `rush demo`: a crowd buys an event out, and every seat is accounted for afterwards.
//!
//! 1. [`stage`]: an event with a seated and a standing section, and a side event for a cheat.
//! 2. [`plan`]: what each buyer wants and will do, drawn from the seed.
//! 3. [`crowd`]: the cheaters come first, then everybody at once; each walks through [`buyer`],
//!    [`shopping`], [`paying`] and perhaps [`cheat`].
//! 4. [`settle`]: waits until no hold and no payment is pending.
//! 5. The [audit](crate::audit), and the [`report`].

mod buyer;
mod cheat;
mod crowd;
mod paying;
mod plan;
mod progress;
mod report;
mod seats;
mod settle;
mod shopping;
mod stage;
mod tally;
mod test_provider;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::audit::{Finding, Stores, compare};
use crate::client::Client;
use crate::latency::Latencies;
use report::Report;
use stage::Stage;
use tally::Tally;

/// Options of `rush demo`.
#[derive(Args)]
pub(crate) struct DemoArguments {
    /// How many buyers come.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) buyers: u32,
    /// How many places there are: about 80 % seats, the rest to stand.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(2..=120_000))]
    pub(crate) seats: u32,
    /// Requests in flight at once.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) concurrency: u32,
    /// Print one line of JSON on standard output instead of the report.
    #[arg(long)]
    pub(crate) json: bool,
    /// The same seed makes the same crowd.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Life of an unpaid hold, in seconds: short, so that some expire while we watch.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=3_600))]
    pub(crate) hold_ttl_s: u32,
    /// Where Boxoffice answers.
    #[arg(long, env = "BASE_URL", default_value = "http://127.0.0.1:3000")]
    pub(crate) base_url: String,
    /// The organiser's key.
    #[arg(long, env = "ORGANISER_KEY", hide_env_values = true)]
    pub(crate) organiser_key: String,
    /// The key of the worker's route: with it, the end of the demonstration need not wait for cron.
    #[arg(long, env = "WORKER_KEY", hide_env_values = true)]
    pub(crate) worker_key: Option<String>,
    /// The secret the payment provider signs with; the first of several is used.
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub(crate) stripe_webhook_secret: String,
    /// The local test provider, to pay through; without it the provider's webhooks are signed here.
    #[arg(long, env = "PROVIDER_URL")]
    pub(crate) provider_url: Option<String>,
    /// The Redis nodes the audit reads: host:port,host:port.
    #[arg(long, env = "REDIS_NODES", value_delimiter = ',', required = true)]
    pub(crate) redis_nodes: Vec<String>,
    /// The Postgres the audit reads.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: String,
}

/// Runs the demonstration. Fails when anything is oversold, differs, or a cheat got through.
pub(crate) async fn run(arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    let latencies = Arc::new(Latencies::new()?);
    let concurrency = usize::try_from(arguments.concurrency)?;
    let client = Client::new(&arguments.base_url, concurrency, Some(Arc::clone(&latencies)))?;
    client.ready().await.with_context(|| format!("{} is not ready", arguments.base_url))?;
    let stores = Stores::connect(&arguments.redis_nodes, &arguments.database_url).await?;

    let stage = Arc::new(Stage::set(client, &arguments).await?);
    let tally = Arc::new(Tally::new());
    let started = std::time::Instant::now();
    crowd::run(&stage, &tally, &arguments).await;
    let sale_duration = started.elapsed();
    let mut findings = settle::wait(&stage, &tally, &stores).await?;

    let snapshot = stores.snapshot(&stage.client, stage.event_id).await?;
    findings.extend(compare(&snapshot, tally.paid()));
    let report = Report {
        buyers: arguments.buyers,
        event_id: stage.event_id,
        sale_duration,
        retries: stage.client.retries(),
        availability: snapshot.availability,
        keys: snapshot.redis.key_names.len(),
        slots: snapshot.redis.slots,
        findings,
        counts: tally.counts(),
        latencies: &latencies,
    };
    if arguments.json {
        println!("{}", report.json_line()?);
        report.explain_failure();
    } else {
        print!("{report}");
    }
    Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A mismatch in plain words.
fn mismatch(what: impl Into<String>) -> Finding {
    Finding::Mismatch(what.into())
}
