//! Reads the keys of an event straight from the masters, without any of the server's routing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use domain::id::EventId;
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;

/// An event in Redis.
pub(crate) struct RedisState {
    /// The fields of `counts`.
    pub(crate) counts: BTreeMap<String, i64>,
    /// The seat map of each seated section, rows separated by `/`.
    pub(crate) maps: BTreeMap<String, Vec<u8>>,
    /// Units held or sold: seats as labels, standing units as `<section>-<booking>`.
    pub(crate) holders: BTreeSet<String>,
    /// Tickets held and bought, of all buyers together.
    pub(crate) buyers_total: i64,
    pub(crate) bookings: i64,
    /// Unresolved bookings that expire.
    pub(crate) expiries: i64,
    /// The event's keys, without prefix and tag.
    pub(crate) key_names: Vec<String>,
    /// The slots of the keys; empty when Redis runs without cluster mode.
    pub(crate) slots: BTreeSet<u16>,
    /// How many masters hold keys of the event.
    pub(crate) masters_with_keys: usize,
}

impl RedisState {
    /// A field of `counts`; a missing one counts as none.
    pub(crate) fn count(&self, field: &str) -> i64 {
        self.counts.get(field).copied().unwrap_or(0)
    }
}

/// How many keys one step of a scan looks at.
const SCAN_COUNT: u32 = 1_000;

/// Reads the event from whichever masters of `nodes` hold it.
pub(crate) async fn read(nodes: &[String], event_id: EventId) -> anyhow::Result<RedisState> {
    let prefix = format!("box:{{{event_id}}}:");
    let mut owner = None;
    let mut keys = Vec::new();
    let mut masters_with_keys = 0;
    let mut reached = 0;
    for node in nodes {
        // A node that is down holds nothing: its replica is the master now, or nothing answers.
        let Ok(mut connection) = connect(node).await else { continue };
        reached += 1;
        if !is_master(&mut connection).await? {
            continue;
        }
        let found = keys_of(&mut connection, &prefix).await?;
        if !found.is_empty() {
            masters_with_keys += 1;
            keys.extend(found);
            owner = Some(connection);
        }
    }
    anyhow::ensure!(reached > 0, "no Redis node of {} can be reached", nodes.join(", "));
    let mut owner = owner.with_context(|| format!("no Redis master holds event {event_id}"))?;
    let slots = slots_of(&mut owner, &keys).await;
    let mut state = read_values(&mut owner, &prefix, &keys).await?;
    state.slots = slots;
    state.masters_with_keys = masters_with_keys;
    Ok(state)
}

async fn read_values(
    connection: &mut MultiplexedConnection,
    prefix: &str,
    keys: &[String],
) -> anyhow::Result<RedisState> {
    let key_names: Vec<String> =
        keys.iter().filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect();
    let mut maps = BTreeMap::new();
    for section in key_names.iter().filter_map(|name| name.strip_prefix("map:")) {
        let map = query(connection, "GET", &format!("{prefix}map:{section}")).await?;
        maps.insert(section.to_owned(), map);
    }
    let counts: BTreeMap<String, String> =
        query(connection, "HGETALL", &format!("{prefix}counts")).await?;
    let buyers: Vec<i64> = query(connection, "HVALS", &format!("{prefix}buyers")).await?;
    Ok(RedisState {
        // Only whole numbers are compared; other fields are skipped.
        counts: counts
            .into_iter()
            .filter_map(|(field, count)| Some((field, count.parse().ok()?)))
            .collect(),
        maps,
        holders: query(connection, "HKEYS", &format!("{prefix}holders")).await?,
        buyers_total: buyers.iter().sum(),
        bookings: query(connection, "HLEN", &format!("{prefix}bookings")).await?,
        expiries: query(connection, "ZCARD", &format!("{prefix}expiry")).await?,
        key_names,
        slots: BTreeSet::new(),
        masters_with_keys: 1,
    })
}

async fn query<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    command: &str,
    key: &str,
) -> redis::RedisResult<T> {
    redis::cmd(command).arg(key).query_async(connection).await
}

async fn connect(node: &str) -> anyhow::Result<MultiplexedConnection> {
    let client = redis::Client::open(format!("redis://{node}"))?;
    Ok(client.get_multiplexed_async_connection().await?)
}

async fn is_master(connection: &mut MultiplexedConnection) -> anyhow::Result<bool> {
    let role: Vec<redis::Value> = redis::cmd("ROLE").query_async(connection).await?;
    let word = role.first().context("ROLE answers with nothing")?;
    Ok(redis::from_redis_value::<String>(word)? == "master")
}

async fn keys_of(
    connection: &mut MultiplexedConnection,
    prefix: &str,
) -> anyhow::Result<BTreeSet<String>> {
    let mut keys = BTreeSet::new();
    let mut cursor: u64 = 0;
    loop {
        let (next, found): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{prefix}*"))
            .arg("COUNT")
            .arg(SCAN_COUNT)
            .query_async(connection)
            .await?;
        keys.extend(found);
        if next == 0 {
            return Ok(keys);
        }
        cursor = next;
    }
}

/// The server's own word on the slots; a single Redis without cluster mode has none.
async fn slots_of(connection: &mut MultiplexedConnection, keys: &[String]) -> BTreeSet<u16> {
    let mut slots = BTreeSet::new();
    for key in keys {
        let mut command = redis::cmd("CLUSTER");
        command.arg("KEYSLOT").arg(key);
        if let Ok(slot) = command.query_async(connection).await {
            slots.insert(slot);
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::EventId;
    use uuid::Uuid;

    /// The node that takes writes to `key`.
    async fn owner_of(key: &str) -> MultiplexedConnection {
        for node in stack::shared_redis() {
            let mut connection = connect(node).await.unwrap();
            let written = redis::cmd("DEL").arg(key).query_async::<i64>(&mut connection).await;
            if written.is_ok() {
                return connection;
            }
        }
        panic!("no master owns {key}");
    }

    #[tokio::test]
    async fn the_event_is_found_on_the_master_that_holds_it() {
        let event_id = EventId::from_uuid(Uuid::now_v7());
        let prefix = format!("box:{{{event_id}}}:");
        let mut owner = owner_of(&format!("{prefix}counts")).await;
        for (command, name, arguments) in [
            ("HSET", "counts", &["sold", "3", "sold:A", "1"][..]),
            ("HSET", "holders", &["A-1-1", "bk_1", "FLOOR-bk_2", "bk_2"]),
            ("HSET", "buyers", &["u1", "1", "u2", "2", "u3", "0"]),
            ("HSET", "bookings", &["bk_3", "held"]),
            ("SET", "map:A", &["s./.."]),
        ] {
            let mut write = redis::cmd(command);
            write.arg(format!("{prefix}{name}")).arg(arguments);
            write.exec_async(&mut owner).await.unwrap();
        }

        let state = read(stack::shared_redis(), event_id).await.unwrap();
        assert_eq!((state.count("sold"), state.count("sold:A"), state.count("held")), (3, 1, 0));
        assert_eq!(state.maps["A"], b"s./..");
        assert!(state.holders.contains("A-1-1") && state.holders.contains("FLOOR-bk_2"));
        assert_eq!((state.buyers_total, state.bookings, state.expiries), (3, 1, 0));
        assert_eq!(state.key_names.len(), 5);
        assert_eq!((state.slots.len(), state.masters_with_keys), (1, 1));
    }

    #[tokio::test]
    async fn an_event_that_no_master_holds_is_an_error() {
        let event_id = EventId::from_uuid(Uuid::now_v7());
        let error = read(stack::shared_redis(), event_id).await.err().unwrap();
        assert!(error.to_string().contains("no Redis master holds"), "{error}");
    }
}
