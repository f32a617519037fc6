//! The cron trigger: notes in Redis when a run begins and ends.

mod bindings {
    spin_sdk::wit_bindgen::generate!({
        world: "spin-cron",
        path: "../../../wit/deps/spin-cron",
        runtime_path: "spin_sdk::wit_bindgen::rt",
    });

    struct Component;

    impl Guest for Component {
        async fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
            super::run(metadata.timestamp).await.map_err(|e| Error::Other(e.to_string()))
        }
    }

    export!(Component);
}

use std::time::Duration;

use anyhow::{Result, bail};
use spin_sdk::redis::{Connection, RedisParameter};

use crate::instance;

/// Notes `begin <timestamp> <runs of this instance>` and, after `cron_ms`, `end <timestamp>`.
async fn run(timestamp: u64) -> Result<()> {
    let redis = Connection::open(spin_sdk::variables::get("redis").await?).await?;
    note(&redis, format!("begin {timestamp} {}", instance::next())).await?;
    let run_ms: u64 = spin_sdk::variables::get("cron_ms").await?.parse()?;
    spin_sdk::time::sleep(Duration::from_millis(run_ms)).await;
    note(&redis, format!("end {timestamp}")).await?;
    bail!("this run fails at its end")
}

async fn note(redis: &Connection, text: String) -> Result<()> {
    let arguments = [b"cron".to_vec(), text.into_bytes()].map(RedisParameter::Binary);
    redis.execute("RPUSH", arguments).await?;
    Ok(())
}
