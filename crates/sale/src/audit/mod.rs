//! Redis and Postgres compared, and Redis mended.

pub(crate) mod audit_event;

pub use audit_event::{AuditMode, AuditReport, Difference, audit_event, audit_totals};
