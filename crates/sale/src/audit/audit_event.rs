//! Compares an event in Redis with Postgres, and mends what Postgres decides.
//!
//! 1. *Snapshot*: Redis first, Postgres after it. A sale is committed before it is marked, so what
//!    Redis calls sold then has its ticket in Postgres already, or never will.
//! 2. *Look again*: what differs in the same way on two looks is damage; a step under way is not.
//! 3. *Mend*: each repair is one script that changes only what is still as it was seen.
//!
//! Nothing here decides who gets a seat. What is sold, Postgres says; what is held, the records of
//! the holds in Redis say; everything else (maps, holders, counts, ends, buyers' counts) follows
//! from the two. Of a hold that only Postgres knows, Redis decides: it takes its places again if
//! they are free, else it ends. One that is over in Postgres goes free.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::Transport;
use domain::id::EventId;
use ledger::{AuditCounts, AuditTotals, Database};
use scripts::SeatCounts;

use crate::audit::compare::differences;
use crate::audit::difference::Difference;
use crate::audit::mend::mend;
use crate::audit::snapshot::{Snapshot, snapshot};
use crate::events::rebuild_event::{LossCertainty, rebuild};
use crate::events::retire_event::retire_event;
use crate::{Error, Stores};

/// Between two looks: a confirmation under way is through within it.
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(300);
/// Interval between two audits of an event, while there are not too many of them: a run has time
/// for a few.
const AUDIT_EVERY_MS: i64 = 10_000;
/// Events audited in one run of the worker.
const AUDITS_MAX: usize = 32;

/// What an audit may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditMode {
    /// Only look.
    ReadOnly,
    /// Mend what is wrong, and count it.
    Repair,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// The event.
    pub event: EventId,
    /// Its generation in Redis; 0 when it is not there.
    pub generation: i64,
    /// Units of all sections.
    pub capacity: i64,
    /// Units by state in Redis.
    pub redis: SeatCounts,
    /// Units in Postgres: held as far as the journal was drained.
    pub postgres_held: i64,
    /// Units in Postgres that are sold.
    pub postgres_sold: i64,
    /// What differed on two looks.
    pub differences: BTreeSet<Difference>,
    /// What was found and mended, ever, with this audit.
    pub totals: AuditTotals,
}

/// Audits `event`; `None` when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn audit_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    mode: AuditMode,
) -> Result<Option<AuditReport>, Error> {
    let Some(mut seen) = snapshot(stores, event).await? else { return Ok(None) };
    let mut found = differences(&seen);
    if !found.is_empty() {
        stores.cluster.sleep(SECOND_LOOK_AFTER).await;
        let Some(again) = snapshot(stores, event).await? else { return Ok(None) };
        let still = differences(&again);
        found.retain(|difference| still.contains(difference));
        seen = again;
    }
    if mode == AuditMode::Repair {
        let counts = repair(stores, event, &seen, &found).await?;
        ledger::count_audit(&stores.database, event, counts).await?;
    }
    let totals = ledger::read_audit_totals(&stores.database, Some(event)).await?;
    let nothing = SeatCounts { available: 0, held: 0, sold: 0 };
    let state = seen.redis.as_ref().map(|redis| &redis.state);
    Ok(Some(AuditReport {
        event,
        generation: state.map_or(0, |state| state.settings.generation),
        capacity: i64::try_from(seen.postgres.event.capacity).unwrap_or(i64::MAX),
        redis: state.map_or(nothing, |state| state.total),
        postgres_held: seen.postgres.held,
        postgres_sold: seen.postgres.sold.iter().map(|(_, sold)| sold).sum(),
        differences: found,
        totals,
    }))
}

async fn repair<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    seen: &Snapshot,
    differences: &BTreeSet<Difference>,
) -> Result<AuditCounts, Error> {
    let found = i64::try_from(differences.len()).unwrap_or(i64::MAX);
    let lost = differences.iter().find_map(|difference| match difference {
        Difference::Missing | Difference::Generation { .. } => Some(LossCertainty::Noticed),
        Difference::Map(_) => Some(LossCertainty::Proven),
        _ => None,
    });
    let mut counts = AuditCounts { differences: found, ..AuditCounts::default() };
    if let Some(loss) = lost {
        // Whatever else is wrong goes with the old state.
        Box::pin(rebuild(stores, event, loss)).await?;
        return Ok(counts);
    }
    if let Some(redis) = &seen.redis {
        mend(stores, seen, redis, differences, &mut counts).await?;
        retire_event(stores, &seen.postgres.event).await?;
    }
    Ok(counts)
}

/// What rebuilds and audits of all events came to, for metrics.
///
/// # Errors
///
/// See [`Error`].
pub async fn audit_totals<D: Database>(database: &D) -> Result<AuditTotals, Error> {
    Ok(ledger::read_audit_totals(database, None).await?)
}

/// Audits the events whose turn it is; returns what went wrong with which. An event is claimed when
/// its audit begins, and no new one is begun once `in_time` says no: who finds no time now comes
/// first in the next run.
pub(crate) async fn audit_due_events<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    in_time: &impl Fn() -> bool,
) -> Result<Vec<(EventId, Result<(), Error>)>, Error> {
    let mut results = Vec::new();
    while in_time() && results.len() < AUDITS_MAX {
        let due = ledger::events_to_audit(&stores.database, AUDIT_EVERY_MS, 1).await?;
        let Some(event) = due.into_iter().next() else { break };
        let audited = Box::pin(audit_event(stores, event, AuditMode::Repair)).await;
        results.push((event, audited.map(|_| ())));
    }
    Ok(results)
}
