//! Audits: reading all of an event in pages, and repairing what differs from the ledger.

mod failed_marks;
mod repair;
mod scan;

pub use failed_marks::{MarkKind, count_failed_marks, read_failed_marks};
pub use repair::{
    ENTRIES_REPAIRED_MAX, HOLDS_REPAIRED_MAX, Repair, RepairedHolds, SEATS_REPAIRED_MAX, SeatRepair,
};
pub use scan::{scan_bookings, scan_buyers, scan_expiry, scan_holders, scan_resolved};
