//! What Redis says of an event.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use stack::{RedisCluster, Reply};

/// An event in Redis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisEvent {
    /// What is counted.
    pub counts: Counts,
    /// The map of each seated section: `.`, `h`, `s`; `/` or so between rows.
    pub maps: BTreeMap<String, String>,
    /// Place to booking.
    pub holders: BTreeMap<String, String>,
    /// Unresolved booking to its hold.
    pub bookings: BTreeMap<String, Hold>,
    /// Entries of the journal that are not in Postgres yet.
    pub journal: i64,
}

/// The counts of an event: `available`, `held`, `sold`, each also as `<name>:<section>`; and
/// `number`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts(BTreeMap<String, i64>);

/// The counts that every event has.
const COUNTS: [&str; 4] = ["available", "held", "sold", "number"];

impl Counts {
    /// Reads the counts of an event that is there. Checkers read no other field of the hash.
    pub fn read(fields: &BTreeMap<String, String>) -> Result<Self> {
        for name in COUNTS {
            fields.get(name).with_context(|| format!("there is no count {name}"))?;
        }
        let is_count = |name: &str| COUNTS.contains(&name.split(':').next().unwrap_or(name));
        let counts = fields.iter().filter(|(name, _)| is_count(name)).map(|(name, text)| {
            let count = text.parse().with_context(|| format!("the count {name} is {text}"))?;
            Ok((name.clone(), count))
        });
        counts.collect::<Result<_>>().map(Self)
    }

    /// A count, where there is one of this name.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }
}

/// A hold, as its record tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The section.
    pub section: String,
    /// Its seats as `<row>-<seat>`; none of a standing section.
    pub seats: Vec<String>,
}

impl Hold {
    /// Reads `<held|confirming> <user> <section> <quantity> <amount> <currency> <created_ms>
    /// <expires_ms> <seats>[ extended]`.
    pub fn read(record: &str) -> Result<Self> {
        let words = record.strip_suffix(" extended").unwrap_or(record);
        let words: Vec<&str> = words.split(' ').collect();
        let ["held" | "confirming", _, section, _, _, _, _, _, seats] = words[..] else {
            bail!("not a record of a hold: {record}");
        };
        let seats = seats.split(',').filter(|seat| *seat != "-").map(str::to_owned);
        Ok(Self { section: section.to_owned(), seats: seats.collect() })
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
            bail!("{key} is no hash");
        };
        let pairs = items.chunks_exact(2);
        Ok(pairs.map(|pair| (pair[0].text().to_owned(), pair[1].text().to_owned())).collect())
    }

    /// Passes that are out now, by the clock of Redis.
    pub fn active_passes(&self) -> Result<i64> {
        let Reply::List(time) = self.redis.command(self.master, &["TIME"])? else {
            bail!("Redis does not know the time");
        };
        let seconds = time.first().context("Redis does not know the time")?.text();
        // Those that end within this second are counted as over.
        let from = format!("{}999", seconds);
        match self.command("ZCOUNT", "passes", &[&from, "+inf"])? {
            Reply::Integer(count) => Ok(count),
            other => bail!("no number of passes: {other:?}"),
        }
    }

    /// Everything, with the maps of these sections.
    pub fn read(&self, seated: &[&str]) -> Result<RedisEvent> {
        let mut maps = BTreeMap::new();
        for section in seated {
            let map = self.command("GET", &format!("map:{section}"), &[])?;
            let Reply::Text(map) = map else { bail!("{section} has no map") };
            maps.insert((*section).to_owned(), map);
        }
        let journal = match self.command("XLEN", "journal", &[])? {
            Reply::Integer(length) => length,
            other => bail!("no length of the journal: {other:?}"),
        };
        let holds = self.hash("bookings")?.into_iter();
        let bookings = holds.map(|(booking, record)| Ok((booking, Hold::read(&record)?)));
        Ok(RedisEvent {
            counts: Counts::read(&self.hash("counts")?)?,
            maps,
            holders: self.hash("holders")?,
            bookings: bookings.collect::<Result<_>>()?,
            journal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_missing_or_no_number_is_an_error() {
        let whole = COUNTS.map(|name| (name.to_owned(), "1".to_owned()));
        let whole: BTreeMap<_, _> =
            whole.into_iter().chain([("drawn".to_owned(), "x".to_owned())]).collect();
        assert_eq!(Counts::read(&whole).expect("is read").get("held"), Some(1));
        for name in COUNTS {
            let mut renamed = whole.clone();
            renamed.remove(name);
            assert!(Counts::read(&renamed).is_err(), "{name}");
            let mut unreadable = whole.clone();
            unreadable.insert(name.to_owned(), "many".to_owned());
            assert!(Counts::read(&unreadable).is_err(), "{name}");
        }
        let mut section = whole;
        section.insert("held:A".to_owned(), "many".to_owned());
        assert!(Counts::read(&section).is_err());
    }

    #[test]
    fn a_record_of_another_shape_is_an_error() {
        let record = "held u A 2 1 EUR 1 2 2-1,2-2";
        let hold = Hold::read(record).expect("is read");
        assert_eq!((hold.section.as_str(), hold.seats.len()), ("A", 2));
        let standing = Hold::read("confirming u FLOOR 2 1 EUR 1 2 -").expect("is read");
        assert_eq!(standing.seats, Vec::<String>::new());
        for record in ["held u A 2 1 EUR 1 2", "held u A 2 1 EUR 1 2 x -", "sold u A 2 1 EUR 1 2 -"]
        {
            assert!(Hold::read(record).is_err(), "{record}");
        }
    }
}
