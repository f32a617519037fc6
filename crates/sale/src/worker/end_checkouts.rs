//! Ends the provider's pages of holds that are over: nobody shall pay for what is gone.
//!
//! A payment that is made on a page in the same moment is no loss: it is settled like any other, or
//! given back.

use cluster::Transport;
use futures_util::{StreamExt, stream};
use ledger::{Database, DueCheckout};
use provider::{HttpTransport, ProviderError};

use crate::{Job, Stores, TickReport, WorkerContext};

/// Pages ended at a time, and taken at a time: a silent provider delays that many.
const CHECKOUTS_AT_A_TIME: usize = 8;

/// Ends pages as long as `in_time` says so. Does nothing without a provider.
pub(crate) async fn end_checkouts<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    while context.provider.is_configured() && in_time() {
        let limit = u32::try_from(CHECKOUTS_AT_A_TIME).unwrap_or(u32::MAX);
        let due = ledger::claim_due_checkouts(&stores.database, limit).await;
        let due = report.note(Job::ClaimDueCheckouts, "all", due.map_err(Into::into));
        let due = due.unwrap_or_default();
        let is_last = due.len() < CHECKOUTS_AT_A_TIME;
        let mut runs = stream::iter(due)
            .map(async |checkout| end(stores, context, &checkout).await)
            .buffer_unordered(CHECKOUTS_AT_A_TIME);
        while let Some(of_checkout) = runs.next().await {
            report.add(of_checkout);
        }
        drop(runs);
        if is_last {
            break;
        }
    }
    report
}

async fn end<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    checkout: &DueCheckout,
) -> TickReport {
    let mut report = TickReport::default();
    let expired = match &checkout.session {
        Some(session) => context.provider.expire_checkout(session).await,
        // The request that made it died before anybody was told where it is.
        None => Ok(()),
    };
    match expired {
        Ok(()) | Err(ProviderError::NotFound) => {
            let ended = ledger::end_checkout(&stores.database, checkout.id).await;
            report.note(Job::EndCheckout, checkout.id, ended.map_err(Into::into));
        }
        // Tried again when its lease is over. The page ends by itself within the hour.
        Err(error) => report.failure(Job::EndCheckout, checkout.id, error),
    }
    report
}
