//! Audits: what Postgres holds against Redis.

mod audit_facts;
mod audit_totals;
mod compare_reserved;
mod events_to_audit;
mod sold_bookings;

pub use audit_facts::{AuditFacts, audit_facts};
pub use audit_totals::{AuditCounts, AuditTotals, count_audit, read_audit_totals};
pub use compare_reserved::{
    HOLDS_COMPARED_MAX, HoldDifferences, KnownHolds, LOST_HOLDS_MAX, compare_reserved,
    expire_lost_holds,
};
pub use events_to_audit::events_to_audit;
pub use sold_bookings::{SOLD_PAGE_MAX, SoldBooking, sold_bookings};
