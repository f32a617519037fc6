//! Reads what Postgres knows of an event, for comparing it with Redis.

use domain::id::EventId;
use domain::section::SectionName;

use crate::database::Database;
use crate::error::Error;
use crate::events::event::StoredEvent;
use crate::row::rows;

const STATEMENT: &str =
    "SELECT document, sold, held, double_holds FROM boxoffice.audit_facts($1::text::uuid)";

/// What Postgres knows of an event, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFacts {
    /// The event.
    pub event: StoredEvent,
    /// Sold places of each section, in the order of the sections.
    pub sold: Vec<(SectionName, i64)>,
    /// Places of bookings that are reserved and not past their time, as far as the journal was
    /// drained.
    pub held: i64,
    /// Pairs of bookings that were found to have the same seat at the same time, ever.
    pub double_holds: i64,
}

/// Reads the facts, and notes pairs of live bookings of one seat; `None` when there is no such
/// event.
///
/// # Errors
///
/// See [`Error`].
pub async fn audit_facts<D: Database>(
    database: &D,
    event: EventId,
) -> Result<Option<AuditFacts>, Error> {
    let mut found =
        rows(database, "audit_facts", STATEMENT, vec![event.to_string().into()]).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    Ok(Some(AuditFacts {
        event: row.document()?,
        sold: row.document()?,
        held: row.count()?,
        double_holds: row.count()?,
    }))
}
