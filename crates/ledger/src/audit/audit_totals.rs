//! Counts what audits and rebuilds came to.

use domain::id::EventId;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{Row, one_row};

const COUNT: &str = "SELECT audits FROM boxoffice.count_audit($1::text::uuid, $2::bigint, \
     $3::bigint, $4::bigint, $5::bigint, $6::bigint)";
const READ: &str = "SELECT audits, differences, places, counts, buyers, holds, rebuilds, \
     double_holds FROM boxoffice.read_audit_totals($1::text::uuid)";

/// What one audit came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditCounts {
    /// Things that were different on two looks in a row.
    pub differences: i64,
    /// Places whose state or holder was mended.
    pub places: i64,
    /// Sections whose counts were mended.
    pub counts: i64,
    /// Buyers whose count was mended.
    pub buyers: i64,
    /// Holds that got an end, lost a stale end, or were marked as sold.
    pub holds: i64,
}

/// What audits and rebuilds came to, ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditTotals {
    /// How many audits.
    pub audits: i64,
    /// What they found and mended.
    pub found: AuditCounts,
    /// How often an event was brought back to Redis.
    pub rebuilds: i64,
    /// Pairs of bookings that had the same seat at the same time.
    pub double_holds: i64,
}

/// Adds what one audit of `event` came to.
///
/// # Errors
///
/// See [`Error`].
pub async fn count_audit<D: Database>(
    database: &D,
    event: EventId,
    counts: AuditCounts,
) -> Result<i64, Error> {
    let AuditCounts { differences, places, counts, buyers, holds } = counts;
    let mut parameters: Vec<Value> = vec![event.to_string().into()];
    parameters.extend([differences, places, counts, buyers, holds].map(Value::from));
    one_row(database, "count_audit", COUNT, parameters).await?.integer()
}

/// The totals of `event`, or of all events.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_audit_totals<D: Database>(
    database: &D,
    event: Option<EventId>,
) -> Result<AuditTotals, Error> {
    let parameters = vec![event.map(|event| event.to_string()).into()];
    let mut row = one_row(database, "read_audit_totals", READ, parameters).await?;
    read(&mut row)
}

fn read(row: &mut Row) -> Result<AuditTotals, Error> {
    Ok(AuditTotals {
        audits: row.integer()?,
        found: AuditCounts {
            differences: row.integer()?,
            places: row.integer()?,
            counts: row.integer()?,
            buyers: row.integer()?,
            holds: row.integer()?,
        },
        rebuilds: row.integer()?,
        double_holds: row.integer()?,
    })
}
