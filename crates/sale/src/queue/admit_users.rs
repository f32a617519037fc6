//! The next fans are let in, by the worker or by hand.
//!
//! 1. *Drawn*, if that is still to be done: before the draw nobody knows who is next.
//! 2. *Let in*: one step in Redis.
//! 3. *Noted in Postgres*, how far the line was let in: a loss of Redis does not set it back.

use cluster::Transport;
use ledger::Database;
use scripts::{AdmitOutcome, AdmitUsers};

use crate::{DrawOutcome, Error, Stores, draw_line, find_past_event, with_open_event};

/// Lets the next users in. [`Undrawn`](AdmitOutcome::Undrawn) when drawing the line takes longer
/// than one call.
///
/// # Errors
///
/// See [`Error`]. Users may have been let in all the same; a request that has an idempotency entry
/// lets nobody else in when it comes again, and finishes what is missing.
pub async fn admit_users<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    request: &AdmitUsers<'_>,
) -> Result<AdmitOutcome, Error> {
    let admit =
        async || scripts::admit_users(&stores.cluster, request, stores.redis_deadline).await;
    let mut outcome = with_open_event(stores, request.event, admit).await?;
    if outcome == AdmitOutcome::Undrawn
        && draw_line(stores, request.event).await? == DrawOutcome::Drawn
    {
        outcome = with_open_event(stores, request.event, admit).await?;
    }
    if let AdmitOutcome::Admitted { admitted, served, .. }
    | AdmitOutcome::Replayed { admitted, served } = outcome
        && admitted > 0
    {
        // mutant: letting-in-by-hand-is-forgotten
        ledger::checkpoint_queue(&stores.database, request.event, served).await?;
    }
    if outcome == AdmitOutcome::EventMissing
        && find_past_event(stores, request.event).await?.is_some()
    {
        return Ok(AdmitOutcome::Admitted { admitted: 0, waiting: 0, active: 0, served: 0 });
    }
    Ok(outcome)
}
