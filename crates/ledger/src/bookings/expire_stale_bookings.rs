//! Expires bookings whose end never reached the journal.

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

/// Bookings of one call at most, so that the locks of a sweep are held for milliseconds.
pub const EXPIRE_STALE_MAX: u32 = 1000;

const STATEMENT: &str = "SELECT expired FROM boxoffice.expire_stale_bookings($1::bigint)";

/// Expires bookings that are still reserved 40 seconds past their expiry, those with an open
/// payment 120 seconds past it, and returns how many.
///
/// The journal tells the end of nearly every hold. When Redis lost it, this makes the booking tell
/// the truth again. The times cover a confirmation under way, the grace of an open payment, and a
/// slow drain; a confirm or a late journal entry still moves the booking on.
///
/// # Errors
///
/// See [`Error`].
pub async fn expire_stale_bookings<D: Database>(database: &D) -> Result<u64, Error> {
    let parameters = vec![EXPIRE_STALE_MAX.into()];
    one_row(database, "expire_stale_bookings", STATEMENT, parameters).await?.count()
}
