//! What the scripts tell the ledger of holds.

use std::str::FromStr;

use crate::booking::Booking;

/// What happened to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JournalKind {
    /// Its seats were taken.
    Reserved,
    /// Its owner was given more time, once.
    Extended,
    /// Its owner or the organiser gave them back, or its event was cancelled.
    Released,
    /// Its time was over, or the ledger refused the sale.
    Expired,
}

impl JournalKind {
    const ALL: [Self; 4] = [Self::Reserved, Self::Extended, Self::Released, Self::Expired];

    /// The word in the journal and in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Extended => "extended",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

/// The word is not a kind of journal entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a journal entry is reserved, extended, released or expired")]
pub struct InvalidJournalKind;

impl FromStr for JournalKind {
    type Err = InvalidJournalKind;

    fn from_str(word: &str) -> Result<Self, InvalidJournalKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(InvalidJournalKind)
    }
}

/// One entry of an event's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// What happened.
    pub kind: JournalKind,
    /// The booking as it was while its seats were held.
    pub booking: Booking,
}
