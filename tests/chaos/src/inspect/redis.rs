//! What Redis says of an event.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use stack::{RedisCluster, Reply};

/// An event in Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisEvent {
    /// `available`, `held`, `sold`, each also `:<section>`; `number`, `admitted`.
    pub counts: BTreeMap<String, i64>,
    /// The map of each seated section: `.`, `h`, `s`; `/` or so between rows.
    pub maps: BTreeMap<String, String>,
    /// Place to booking.
    pub holders: BTreeMap<String, String>,
    /// Unresolved booking to record.
    pub bookings: BTreeMap<String, String>,
    /// Entries of the journal that are not in Postgres yet.
    pub journal: i64,
}

impl RedisEvent {
    /// A count; 0 when it is not there.
    pub fn count(&self, name: &str) -> i64 {
        self.counts.get(name).copied().unwrap_or(0)
    }
}

/// Reads single events from whichever master owns them.
pub struct RedisReader<'a> {
    redis: &'a RedisCluster,
    event: &'a str,
    master: usize,
}

impl<'a> RedisReader<'a> {
    /// A reader of one event. Fails while nobody owns it.
    pub fn open(redis: &'a RedisCluster, event: &'a str) -> Result<Self> {
        let key = format!("box:{{{event}}}:settings");
        let slot = (0..redis.nodes().len()).find_map(|node| {
            match redis.command(node, &["CLUSTER", "KEYSLOT", &key]) {
                Ok(Reply::Integer(slot)) => u16::try_from(slot).ok(),
                _ => None,
            }
        });
        let master = redis.master_of(slot.context("no Redis node answers")?)?;
        Ok(Self { redis, event, master })
    }

    /// One command on a key of the event.
    pub fn command(&self, command: &str, key: &str, more: &[&str]) -> Result<Reply> {
        let key = format!("box:{{{}}}:{key}", self.event);
        let mut words = vec![command, key.as_str()];
        words.extend(more);
        self.redis.command(self.master, &words)
    }

    /// A hash with its fields.
    pub fn hash(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let Reply::List(items) = self.command("HGETALL", key, &[])? else {
            return Ok(BTreeMap::new());
        };
        let pairs = items.chunks_exact(2);
        Ok(pairs.map(|pair| (pair[0].text().to_owned(), pair[1].text().to_owned())).collect())
    }

    /// The counts.
    pub fn counts(&self) -> Result<BTreeMap<String, i64>> {
        let counts = self.hash("counts")?;
        let whole = |(name, text): (String, String)| Some((name, text.parse().ok()?));
        Ok(counts.into_iter().filter_map(whole).collect())
    }

    /// Passes that are out now, by the clock of Redis.
    pub fn active_passes(&self) -> Result<i64> {
        let Reply::List(time) = self.redis.command(self.master, &["TIME"])? else { return Ok(0) };
        let seconds = time.first().map(Reply::text).unwrap_or_default();
        // Those that end within this second are counted as over.
        let from = format!("{}999", seconds);
        match self.command("ZCOUNT", "passes", &[&from, "+inf"])? {
            Reply::Integer(count) => Ok(count),
            _ => Ok(0),
        }
    }

    /// Everything, with the maps of these sections.
    pub fn read(&self, seated: &[&str]) -> Result<RedisEvent> {
        let mut maps = BTreeMap::new();
        for section in seated {
            let map = self.command("GET", &format!("map:{section}"), &[])?;
            maps.insert((*section).to_owned(), map.text().to_owned());
        }
        let journal = match self.command("XLEN", "journal", &[])? {
            Reply::Integer(length) => length,
            _ => 0,
        };
        Ok(RedisEvent {
            counts: self.counts()?,
            maps,
            holders: self.hash("holders")?,
            bookings: self.hash("bookings")?,
            journal,
        })
    }
}
