//! Entries of the journal.

use cluster::Reply;

use crate::JournalKind;
use crate::bookings::read_journal::parse_entry;

/// An entry that is accepted has one spelling.
pub fn journal_entries(input: &[u8]) {
    let replies =
        [Reply::Bytes(b"1-1".to_vec()), Reply::Bytes(b"e".to_vec()), Reply::Bytes(input.to_vec())];
    let Some(entry) = parse_entry(&replies) else { return };
    let kind = match entry.kind {
        JournalKind::Reserved => "reserved",
        JournalKind::Released => "released",
        JournalKind::Expired => "expired",
    };
    let written = format!("{kind} {} {}", entry.booking, entry.hold);
    assert_eq!(written.as_bytes(), input);
}
