//! `GET /health/ready`: whether both stores answer; 503 with what is down otherwise.

use std::time::Duration;

use domain::code::Code;
use futures_util::future::{join, join_all};
use guest::clock::within;
use guest::{Call, Problem, Reply, log, postgres, redis};
use serde_json::json;

/// How long a store may take to answer a probe; both are asked at once.
const PROBE_DEADLINE: Duration = Duration::from_millis(1_000);
/// Keys that are asked for, in different slots. One answer is enough: a node that cannot reach one
/// shard still serves the events of the others.
const PROBES: u32 = 4;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let (redis, postgres) = join(probe_redis(), probe_postgres()).await;
    let mut down = Vec::new();
    for (name, result) in [("redis", redis), ("postgres", postgres)] {
        if let Err(problem) = result {
            log::failed_job("ready", &call.request_id, &problem.to_string());
            down.push(name);
        }
    }
    if down.is_empty() {
        return Reply::ok(&json!({ "status": "ok", "redis": "ok", "postgres": "ok" }));
    }
    let detail = format!("not answering: {}", down.join(", "));
    Err(Problem::new(Code::Unavailable, detail).with("down", json!(down)))
}

async fn probe_redis() -> Result<(), Problem> {
    let cluster = redis::cluster().await?;
    let keys: Vec<String> = (0..PROBES).map(scripts::keys::probe).collect();
    let probes = keys
        .iter()
        .map(|key| cluster.execute(key, "EXISTS", vec![key.as_str().into()], PROBE_DEADLINE));
    let answers = join_all(probes).await;
    if answers.iter().any(Result::is_ok) {
        return Ok(());
    }
    match answers.into_iter().next() {
        Some(Err(error)) => Err(scripts::Error::from(error).into()),
        _ => Err(Problem::unavailable("redis was not asked")),
    }
}

async fn probe_postgres() -> Result<(), Problem> {
    let database = postgres::database().await?;
    match within(PROBE_DEADLINE, ledger::ping(&database)).await {
        Some(ping) => Ok(ping.map(|_| ())?),
        None => Err(Problem::unavailable("postgres did not answer")),
    }
}
