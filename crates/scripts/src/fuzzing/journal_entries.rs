//! Entries of the journal.

use cluster::Reply;

use crate::bookings::read_journal::parse_entry;

/// An entry that is accepted has one spelling.
pub fn journal_entries(input: &[u8]) {
    let replies =
        [Reply::Bytes(b"1-1".to_vec()), Reply::Bytes(b"e".to_vec()), Reply::Bytes(input.to_vec())];
    let Some((_, kind, hold)) = parse_entry(&replies) else { return };
    let written = format!("{} {} {}", kind.as_str(), hold.booking.booking_id, hold.record());
    assert_eq!(written.as_bytes(), input);
}
