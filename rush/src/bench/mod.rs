//! `rush bench`: measures the waiting room, with the numbers that a reader can check.

mod polling;
mod streams;

use anyhow::Result;
use clap::Args;

use crate::table::{Align, Table};

/// Measure the waiting room of a running system.
#[derive(Args)]
pub(crate) struct BenchQueueArguments {
    /// Streams that are open at once.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    streams: u32,
    /// Fans let in each second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    release_per_s: u32,
    /// The process whose memory is measured: the one that runs the components.
    #[arg(long)]
    application_pid: Option<u32>,
    /// Where Boxoffice answers.
    #[arg(long, env = "BASE_URL", default_value = "http://127.0.0.1:3000")]
    base_url: String,
    /// The organiser's key.
    #[arg(long, env = "ORGANISER_KEY", hide_env_values = true)]
    organiser_key: String,
    /// The Redis nodes whose connections are counted: host:port,host:port.
    #[arg(long, env = "REDIS_NODES", value_delimiter = ',', required = true)]
    redis_nodes: Vec<String>,
}

/// Prints one table per question.
pub(crate) async fn run(arguments: BenchQueueArguments) -> Result<()> {
    let measured = streams::measure(&arguments).await?;
    let mut table = Table::new("Streams", &[("", Align::Left), ("", Align::Right)]);
    for (name, value) in measured.rows() {
        table.row([name.to_owned(), value]);
    }
    println!("{table}");
    let columns = [
        ("wait", Align::Left),
        ("told to poll", Align::Right),
        ("fixed 500 ms", Align::Right),
        ("ratio", Align::Right),
    ];
    let mut table = Table::new("Requests per waiting fan and minute", &columns);
    for row in polling::rows() {
        table.row(row);
    }
    println!("{table}");
    Ok(())
}
