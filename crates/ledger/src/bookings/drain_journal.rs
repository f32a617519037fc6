//! Writes what Redis journaled about holds.

use domain::journal::JournalEntry;

use crate::bookings::booking::seat_labels;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

/// Entries of one call at most: about 300 KB of parameters and 50 ms in Postgres.
pub const DRAIN_ENTRIES_MAX: usize = 1000;

const STEP: &str = "drain_journal";
const STATEMENT: &str = "SELECT applied FROM boxoffice.drain_journal(\
     $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], \
     $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::text[])";

/// Writes journal entries as bookings. Entries may come twice, in any order and from several
/// workers at once: a booking only moves forward (reserved, expired, released, then what the
/// ledger itself decided), so the result is the same. The caller trims the journal afterwards.
///
/// Returns how many bookings were new or moved on. Fewer than entries: several entries of one
/// booking count once, and what is known already not at all; entries of events that the ledger does
/// not know, and entries that no booking can be made of, are dropped, because they would come again
/// for ever.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`DRAIN_ENTRIES_MAX`] entries; see [`Error`].
pub async fn drain_journal<D: Database>(
    database: &D,
    entries: &[JournalEntry],
) -> Result<u64, Error> {
    if entries.len() > DRAIN_ENTRIES_MAX {
        return Err(Error::TooMany { step: STEP, limit: DRAIN_ENTRIES_MAX });
    }
    let texts =
        |column: fn(&JournalEntry) -> String| Value::Texts(entries.iter().map(column).collect());
    let integers =
        |column: fn(&JournalEntry) -> i64| Value::Integers(entries.iter().map(column).collect());
    let parameters = vec![
        texts(|entry| entry.kind.as_str().to_owned()),
        texts(|entry| entry.booking.booking_id.to_string()),
        texts(|entry| entry.booking.event_id.to_string()),
        texts(|entry| entry.booking.user_id.to_string()),
        texts(|entry| entry.booking.section.to_string()),
        texts(|entry| seat_labels(&entry.booking).join(",")),
        integers(|entry| i64::from(entry.booking.quantity)),
        integers(|entry| entry.booking.amount),
        texts(|entry| entry.booking.currency.clone()),
        integers(|entry| entry.booking.created_at.unix_ms()),
        integers(|entry| entry.booking.expires_at.unix_ms()),
        texts(|entry| entry.booking.contact.to_text()),
    ];
    one_row(database, STEP, STATEMENT, parameters).await?.count()
}
