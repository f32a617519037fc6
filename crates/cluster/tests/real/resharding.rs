//! A slot is moved while it is written to.

use std::time::Duration;

use anyhow::Result;
use stack::{RedisCluster, Reply};
use tokio::task::LocalSet;

use crate::OwnCluster;
use crate::ledger::{Load, keys};
use crate::native::Native;

/// How long each state of the migration is held, so that all writers meet it.
const STATE_LASTS: Duration = Duration::from_millis(300);

/// How long MIGRATE may take for a key, as text for the command.
const MIGRATE_TIMEOUT_MS: &str = "5000";

#[tokio::test]
async fn a_slot_is_moved_under_load_and_every_write_counts_once() {
    let own = OwnCluster::start();
    let transport = Native::new();
    let cluster = transport.cluster(&own.redis.nodes());
    let slot = slot_of(&own.redis, "moving").unwrap();
    let tags = ["moving", "resting-1", "resting-2"].map(str::to_owned);
    let summary = LocalSet::new()
        .run_until(async {
            let load = Load::start(&cluster, &tags);
            load.wait_for_answers(100).await;
            let first = own.redis.master_of(slot).unwrap();
            for step in 1..=3 {
                let (source, target) = ((first + step - 1) % 3, (first + step) % 3);
                move_slot(&own.redis, slot, source, target).await.unwrap();
                assert_eq!(own.redis.master_of(slot).unwrap(), target);
                load.wait_for_answers(100).await;
            }
            load.balance(&cluster).await
        })
        .await;
    assert_eq!(summary.failures, [], "{:?}", transport.errors());
    assert!(summary.slowest < Duration::from_secs(2), "{:?}", summary.slowest);
    for kind in ["Moved", "Ask", "TryAgain"] {
        assert!(transport.errors_with(kind) > 0, "{kind}: {:?}", transport.errors());
    }
    // Three masters, a seed at most, and the few that are kept for ASKING.
    assert!(cluster.connections() <= 10, "{}", cluster.connections());
}

fn slot_of(redis: &RedisCluster, tag: &str) -> Result<u16> {
    match redis.command(0, &["CLUSTER", "KEYSLOT", tag])? {
        Reply::Integer(slot) => Ok(u16::try_from(slot)?),
        other => anyhow::bail!("no slot: {other:?}"),
    }
}

/// Moves a slot as `redis-cli --cluster reshard` does, but slowly: the two keys of its tag go one
/// after the other, so that scripts meet a slot with all, half and none of its keys gone.
async fn move_slot(redis: &RedisCluster, slot: u16, source: usize, target: usize) -> Result<()> {
    let slot_text = slot.to_string();
    let source_id = redis.command(source, &["CLUSTER", "MYID"])?.text().to_owned();
    let target_id = redis.command(target, &["CLUSTER", "MYID"])?.text().to_owned();
    let set_slot = |node: usize, state: &str, id: &str| {
        redis.command(node, &["CLUSTER", "SETSLOT", &slot_text, state, id])
    };
    set_slot(target, "IMPORTING", &source_id)?;
    set_slot(source, "MIGRATING", &target_id)?;
    tokio::time::sleep(STATE_LASTS).await;

    let address = redis.nodes()[target].clone();
    let (host, port) = address.rsplit_once(':').unwrap_or_default();
    for key in keys("moving") {
        redis.command(source, &["MIGRATE", host, port, &key, "0", MIGRATE_TIMEOUT_MS])?;
        tokio::time::sleep(STATE_LASTS).await;
    }
    for node in [target, source] {
        set_slot(node, "NODE", &target_id)?;
    }
    Ok(())
}
