//! Redis and Postgres compared, and Redis mended.

pub(crate) mod audit_event;
mod compare;
mod difference;
mod mend;
mod snapshot;

pub use audit_event::{AuditMode, AuditReport, audit_event, audit_totals};
pub use difference::Difference;
