//! Looks at every event a few times a second, past the application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio_postgres::{Client, Row};

use crate::history::{History, Outcome};
use crate::inspect::ledger;
use crate::inspect::redis::{Counts, RedisReader};
use crate::load::Crowd;
use crate::load::probe::Probe;
use crate::rig::Rig;

/// Between two looks at all events.
const INTERVAL: Duration = Duration::from_millis(300);

/// What an event was like at a moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sample {
    /// When the look began, in µs since the start of the history.
    pub at_us: u64,
    /// The event.
    pub event: String,
    /// Free, held, sold.
    pub counts: [i64; 3],
    /// Passes that are out.
    pub active: i64,
    /// The last number of the queue that was given.
    pub number: i64,
    /// The place that was let in last, as Postgres knows it.
    pub served: Option<i64>,
}

/// What the books of Postgres said of money at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// When the look began, in µs since the start of the history.
    pub at_us: u64,
    /// What is confirmed and was paid, in minor units of all currencies together.
    pub sold: i64,
    /// What was decided to be kept.
    pub kept: i64,
    /// Tickets without their payment and payments without their ticket.
    pub alone: i64,
}

/// What is seen, while it looks.
#[derive(Debug, Default)]
pub struct Observer {
    samples: Mutex<Vec<Sample>>,
    balances: Mutex<Vec<Balance>>,
    is_over: AtomicBool,
}

impl Observer {
    /// Looks until [`Observer::stop`]. Blocks.
    ///
    /// # Errors
    ///
    /// When a store answers something that cannot be read. That nobody answers is no error.
    pub fn run(&self, rig: &Rig, crowd: &Arc<Crowd>, history: &History) -> Result<()> {
        let runtime = Handle::current();
        while !self.is_over.load(Ordering::SeqCst) {
            let served = runtime.block_on(served(rig))?.unwrap_or_default();
            if let Some(balance) = runtime.block_on(balance(rig, history.now_us()))? {
                self.balances.lock().unwrap_or_else(PoisonError::into_inner).push(balance);
            }
            for venue in &crowd.venues {
                // Nobody may answer for it right now: that is no sample.
                if let Some(sample) = look(rig, &venue.id, &served, history.now_us())? {
                    self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
                }
            }
            for probe in crowd.probes.due() {
                look_at_probe(rig, &probe, history);
            }
            sleep(INTERVAL);
        }
        Ok(())
    }

    /// Ends it.
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// What it has seen of money.
    pub fn balances(&self) -> Vec<Balance> {
        self.balances.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has seen of events.
    pub fn samples(&self) -> Vec<Sample> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The place that was let in last, of each event.
async fn served(rig: &Rig) -> Result<Option<BTreeMap<String, i64>>> {
    let rows = query(rig, "SELECT id::text, queue_served FROM boxoffice.events").await?;
    let rows = rows.map(|rows| rows.iter().map(|row| (row.get(0), row.get(1))).collect());
    Ok(rows)
}

/// What is sold and what is kept, in one statement, so of one moment.
async fn balance(rig: &Rig, at_us: u64) -> Result<Option<Balance>> {
    const BALANCE: &str = "SELECT coalesce(sum(b.amount), 0)::bigint,
            coalesce(sum(p.amount), 0)::bigint,
            count(*) FILTER (WHERE (b.amount, b.currency::text)
                IS DISTINCT FROM (p.amount, p.currency::text))
        FROM (
            -- What was paid: its price, and the shares of what it gave up since.
            SELECT id, payment_id, currency, amount + (
                SELECT coalesce(sum(g.amount), 0) FROM boxoffice.given_up_parts AS g
                WHERE g.booking_id = bookings.id
            )::bigint AS amount
            FROM boxoffice.bookings WHERE state = 'confirmed' AND payment_id IS NOT NULL
        ) AS b
        FULL JOIN (SELECT * FROM boxoffice.payments WHERE decision = 'keep') AS p
            ON p.id = b.payment_id AND p.booking_id = b.id";
    let Some(rows) = query(rig, BALANCE).await? else { return Ok(None) };
    let row = rows.first().context("no balance")?;
    Ok(Some(Balance { at_us, sold: row.get(0), kept: row.get(1), alone: row.get(2) }))
}

/// The rows of a statement; none when Postgres is out of reach, which it may be in this run. A
/// statement that Postgres does not understand is an error: a look that sees nothing would do so
/// all the time.
async fn query(rig: &Rig, statement: &str) -> Result<Option<Vec<Row>>> {
    let Ok(client) = ledger::connect(rig.database_url()).await else { return Ok(None) };
    rows_of(&client, statement).await
}

async fn rows_of(client: &Client, statement: &str) -> Result<Option<Vec<Row>>> {
    /// Class 42 of SQLSTATE: syntax errors, unknown names, missing rights.
    const NOT_UNDERSTOOD: &str = "42";
    match client.query(statement, &[]).await {
        Ok(rows) => Ok(Some(rows)),
        Err(error) if error.code().is_some_and(|it| it.code().starts_with(NOT_UNDERSTOOD)) => {
            Err(error).context(statement.to_owned())
        }
        Err(_) => Ok(None),
    }
}

/// An event as Redis has it; none while nobody answers for it, or it has been forgotten.
fn look(
    rig: &Rig,
    event: &str,
    served: &BTreeMap<String, i64>,
    at_us: u64,
) -> Result<Option<Sample>> {
    let Ok(reader) = RedisReader::open(&rig.system.redis, event) else { return Ok(None) };
    let fields = reader.hash("counts").unwrap_or_default();
    if fields.is_empty() {
        return Ok(None);
    }
    let Ok(active) = reader.active_passes() else { return Ok(None) };
    let counts = Counts::read(&fields)?;
    let count = |name: &str| counts.get(name).with_context(|| format!("there is no count {name}"));
    Ok(Some(Sample {
        at_us,
        event: event.to_owned(),
        counts: [count("available")?, count("held")?, count("sold")?],
        active,
        number: count("number")?,
        served: served.get(event).copied(),
    }))
}

/// Whether an abandoned hold still has its places.
fn look_at_probe(rig: &Rig, probe: &Probe, history: &History) {
    let facts = json!({ "event": probe.event, "booking": probe.booking, "places": probe.places });
    let index = history.begin(0, "probe_freed", facts);
    let still = || -> Result<Vec<String>> {
        let reader = RedisReader::open(&rig.system.redis, &probe.event)?;
        let mut still = Vec::new();
        for place in &probe.places {
            if reader.command("HGET", "holders", &[place])?.text() == probe.booking {
                still.push(place.clone());
            }
        }
        Ok(still)
    };
    match still() {
        Ok(still) => history.end(index, Outcome::Ok, 200, json!({ "still_held": still })),
        Err(_) => history.end(index, Outcome::Unknown, 0, Value::Null),
    }
}
