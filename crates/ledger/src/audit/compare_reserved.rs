//! Holds of which Redis and Postgres tell different things.

use domain::booking::{BookingStatus, StoredBooking};
use domain::id::{BookingId, EventId};

use crate::database::{Database, Value};
use crate::error::Error;
use crate::events::restore_page::restored;
use crate::row::one_row;

/// Bookings that are compared by one statement at most: 600 KB of ids, compared in milliseconds.
pub const HOLDS_COMPARED_MAX: usize = 10_000;
/// Lost holds found by one statement at most. Those beyond it are found by the next audit.
pub const LOST_HOLDS_MAX: usize = 1_000;

const COMPARE: &str = "SELECT lost, ended FROM boxoffice.compare_reserved(\
     $1::text::uuid, $2::text, $3::text, $4::text[], $5::text[], $6::bigint)";
const EXPIRE: &str = "SELECT expired FROM boxoffice.expire_lost_holds($1::text[])";

/// What Redis knows of the bookings whose ids are in a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownHolds {
    /// The range begins behind this id; `None` for the first.
    pub after: Option<String>,
    /// The last id of the range; `None` for the last range.
    pub until: Option<String>,
    /// Holds that nobody is paying.
    pub held: Vec<String>,
    /// Holds that are being paid, and bookings that were resolved a moment ago.
    pub known: Vec<String>,
}

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldDifferences {
    /// Reserved and not past their time, and not known to Redis.
    pub lost: Vec<StoredBooking>,
    /// Held in Redis, and over in Postgres.
    pub ended: Vec<BookingId>,
}

/// Compares what Redis knows with the bookings of `event`. Redis must have been read before: what
/// was reserved since may be called lost, what is lost is so on every look.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`HOLDS_COMPARED_MAX`] bookings; see [`Error`].
pub async fn compare_reserved<D: Database>(
    database: &D,
    event: EventId,
    seen: KnownHolds,
) -> Result<HoldDifferences, Error> {
    const STEP: &str = "compare_reserved";
    if seen.held.len() + seen.known.len() > HOLDS_COMPARED_MAX {
        return Err(Error::TooMany { step: STEP, limit: HOLDS_COMPARED_MAX });
    }
    let parameters = vec![
        event.to_string().into(),
        seen.after.unwrap_or_default().into(),
        seen.until.unwrap_or_default().into(),
        Value::Texts(seen.held),
        Value::Texts(seen.known),
        i64::try_from(LOST_HOLDS_MAX).unwrap_or(i64::MAX).into(),
    ];
    let mut row = one_row(database, STEP, COMPARE, parameters).await?;
    let lost: Vec<_> = row.document()?;
    Ok(HoldDifferences {
        lost: lost.into_iter().map(|entry| restored(entry, BookingStatus::Reserved)).collect(),
        ended: row.document()?,
    })
}

/// Ends bookings whose places Redis has lost and given to others: they read as expired. Those that
/// were resolved meanwhile stay as they are. Returns how many this call ended.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`LOST_HOLDS_MAX`]; see [`Error`].
pub async fn expire_lost_holds<D: Database>(
    database: &D,
    bookings: &[BookingId],
) -> Result<u64, Error> {
    const STEP: &str = "expire_lost_holds";
    if bookings.len() > LOST_HOLDS_MAX {
        return Err(Error::TooMany { step: STEP, limit: LOST_HOLDS_MAX });
    }
    let ids = bookings.iter().map(ToString::to_string).collect();
    one_row(database, STEP, EXPIRE, vec![Value::Texts(ids)]).await?.count()
}
