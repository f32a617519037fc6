//! `GET /health/ready`: whether both stores answer; 503 with what is down otherwise.

use domain::code::Code;
use guest::clock::{REDIS_DEADLINE, within};
use guest::{Call, Problem, Reply, postgres, redis};
use serde_json::json;

/// The key whose owner is asked. It is never written; any master will do.
const PROBE_KEY: &str = "box:{ready}:probe";

pub(crate) async fn handle(_: Call) -> Result<Reply, Problem> {
    let probes = [("redis", probe_redis().await), ("postgres", probe_postgres().await)];
    let down: Vec<_> =
        probes.iter().filter(|(_, result)| result.is_err()).map(|(name, _)| *name).collect();
    if down.is_empty() {
        return Reply::ok(&json!({ "status": "ok", "redis": "ok", "postgres": "ok" }));
    }
    let detail = format!("not answering: {}", down.join(", "));
    Err(Problem::new(Code::Unavailable, detail).with("down", json!(down)))
}

async fn probe_redis() -> Result<(), Problem> {
    let cluster = redis::cluster().await?;
    let answer = cluster.execute(PROBE_KEY, "EXISTS", vec![PROBE_KEY.into()], REDIS_DEADLINE);
    match within(REDIS_DEADLINE, answer).await {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(scripts::Error::from(error).into()),
        None => Err(Problem::unavailable("redis did not answer")),
    }
}

async fn probe_postgres() -> Result<(), Problem> {
    let database = postgres::database().await?;
    ledger::ping(&database).await.map_err(sale::Error::from)?;
    Ok(())
}
