//! Joins per second: through our HTTP interface, by the scripts alone, and by redis-benchmark
//! calling the same script on the same Redis. The last two differ by our client; the first
//! adds HTTP, tokens, receipts and the components.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, stream};
use tokio::process::Command;

use super::BenchQueueArguments;
use super::line::Line;
use crate::client::Client;
use crate::command::unique;

/// Clients at once, each way.
const CLIENTS: usize = 32;

pub(crate) struct Joins {
    /// Through HTTP.
    pub(crate) http: f64,
    /// By the crate `scripts`, natively.
    pub(crate) scripts: f64,
    /// By redis-benchmark, where it is installed.
    pub(crate) redis_benchmark: Option<f64>,
}

/// Measures one way after the other, so that none disturbs another.
pub(crate) async fn measure(arguments: &BenchQueueArguments) -> Result<Joins> {
    let count = usize::try_from(arguments.joins)?;
    let line = Line::open(&arguments.redis_nodes, 0).await?;
    let redis_benchmark = by_redis_benchmark(&line, count).await?;
    line.remove().await?;
    let line = Line::open(&arguments.redis_nodes, 0).await?;
    let scripts = by_scripts(&line, count).await?;
    line.remove().await?;
    Ok(Joins { http: by_http(arguments, count).await?, scripts, redis_benchmark })
}

async fn by_http(arguments: &BenchQueueArguments, count: usize) -> Result<f64> {
    let client = Arc::new(Client::new(&arguments.base_url, CLIENTS, None)?);
    let event = super::streams::create_event(&client, arguments, arguments.joins).await?;
    let guests = stream::iter(0..count).map(|_| client.login()).buffer_unordered(CLIENTS);
    let guests: Vec<_> = guests.collect().await;
    let guests: Vec<_> = guests.into_iter().collect::<Result<_, _>>()?;
    let started = Instant::now();
    let joins = stream::iter(&guests).map(|guest| {
        let (client, token) = (Arc::clone(&client), guest.token.clone());
        async move { client.join(&token, event, &unique(), None).await }
    });
    let joined: Vec<_> = joins.buffer_unordered(CLIENTS).collect().await;
    let duration = started.elapsed();
    for place in joined {
        place?;
    }
    Ok(per_second(count, duration))
}

async fn by_scripts(line: &Line, count: usize) -> Result<f64> {
    let started = Instant::now();
    let joins = stream::iter(0..count).map(|_| line.join()).buffer_unordered(CLIENTS);
    let joined: Vec<_> = joins.collect().await;
    let duration = started.elapsed();
    for place in joined {
        place?;
    }
    Ok(per_second(count, duration))
}

/// `redis-benchmark` puts another twelve digits for each `__rand_int__`: another user each time.
async fn by_redis_benchmark(line: &Line, count: usize) -> Result<Option<f64>> {
    let (host, port) = line.owner.rsplit_once(':').context("a node is host:port")?;
    let words = line.join_words("user-__rand_int__");
    let started = Instant::now();
    let run = Command::new("redis-benchmark")
        .args(["-h", host, "-p", port, "-q", "-r", "1000000000"])
        .args(["-n", &count.to_string(), "-c", &CLIENTS.to_string()])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .await;
    let output = match run {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Its own figure leaves its start out.
    let text = String::from_utf8_lossy(&output.stdout).replace('\r', "\n");
    let told = text.lines().rev().find_map(|it| it.split_once(" requests per second"));
    let told = told.and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok());
    let waiting = line.waiting().await?;
    let fell_short = || format!("redis-benchmark made {waiting} places of {count}: {text}");
    ensure!(waiting * 100 >= count * 99, fell_short());
    Ok(Some(told.unwrap_or_else(|| per_second(count, started.elapsed()))))
}

fn per_second(count: usize, duration: std::time::Duration) -> f64 {
    count as f64 / duration.as_secs_f64().max(f64::EPSILON)
}
