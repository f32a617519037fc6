//! After the crowd has gone: waits until nothing is pending, and looks at what was left behind.

use std::time::{Duration, Instant};

use domain::booking::BookingStatus;

use super::mismatch;
use super::stage::Stage;
use super::tally::Tally;
use crate::api::Availability;
use crate::audit::{Finding, Stores};

/// How long abandoned places may take to return beyond the life of a hold: the worker runs once a
/// second, and the last payment may have a grace period of its own.
const RETURN_MAX: Duration = Duration::from_secs(60);
/// More time for each abandoned hold: half the speed of a worker that expires 100 holds a second.
const RETURN_PER_HOLD: Duration = Duration::from_millis(20);
/// Between two looks: the worker's own second.
const LOOK_PAUSE: Duration = Duration::from_millis(1_000);

/// Waits, bounded. A booking that is still pending afterwards is a mismatch, and so is an abandoned
/// one that did not expire.
pub(crate) async fn wait(
    stage: &Stage,
    tally: &Tally,
    stores: &Stores,
) -> anyhow::Result<Vec<Finding>> {
    let abandoned = u32::try_from(tally.counts().abandoned).unwrap_or(u32::MAX);
    let hold_ttl = Duration::from_secs(u64::from(stage.hold_ttl_s));
    let deadline = Instant::now() + hold_ttl + RETURN_MAX + RETURN_PER_HOLD * abandoned;
    let mut findings = Vec::new();
    loop {
        if let Some(worker_key) = &stage.worker_key {
            tally.expect("worker", stage.client.tick(worker_key).await);
        }
        let availability: Availability =
            stage.client.availability(stage.event_id).await?.parse()?;
        let unresolved = stores.unresolved(stage.event_id).await?;
        if availability.held == 0 && unresolved == 0 {
            break;
        }
        if Instant::now() > deadline {
            let held = availability.held;
            let what = format!("still pending: {held} places held, {unresolved} rows unresolved");
            findings.push(mismatch(what));
            break;
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    for (token, booking_id) in tally.counts().abandoned_bookings {
        let read = stage.client.booking(&token, booking_id).await;
        if let Some(booking) = tally.expect("read abandoned booking", read)
            && booking.status != BookingStatus::Expired
        {
            let status = booking.status.as_str();
            findings.push(mismatch(format!("{booking_id} was abandoned and is {status}")));
        }
    }
    Ok(findings)
}
