//! Letters to buyers, each once.

use std::fmt;

use domain::id::{BookingId, UserId};
use domain::seat::Seat;
use domain::section::SectionName;
use domain::time::Instant;
use serde::Deserialize;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{instant, one_row, rows};

/// For how long a letter that was taken is left alone, in ms: longer than sending it may take.
pub const LETTER_LEASE_MS: u32 = 15_000;

const CLAIM: &str = "SELECT document FROM boxoffice.claim_due_letters($1::bigint, $2::bigint)";
const NOTE: &str =
    "SELECT noted FROM boxoffice.note_letter($1::text, $2::text, $3::text, $4::bigint)";
const DROP: &str = "SELECT dropped FROM boxoffice.drop_letters()";

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum LetterKind {
    /// The tickets of a sale.
    #[serde(rename = "booking.confirmed")]
    Confirmed,
    /// A sale was cancelled.
    #[serde(rename = "booking.cancelled")]
    Cancelled,
    /// The money of a sale went back.
    #[serde(rename = "booking.refunded")]
    Refunded,
    /// A part of a sale was given up.
    #[serde(rename = "booking.part_cancelled")]
    PartCancelled,
    /// The money of a part went back.
    #[serde(rename = "booking.part_refunded")]
    PartRefunded,
    /// Somebody has asked for the bookings of the mailbox.
    #[serde(rename = "bookings.lookup")]
    Lookup,
    /// Somebody asks to sign in.
    #[serde(rename = "auth.code")]
    SignIn,
}

/// A letter to send. What identifies its reader is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct DueLetter {
    /// The same in every attempt.
    pub id: String,
    /// What it is about.
    pub kind: LetterKind,
    /// How often it was tried.
    pub attempts: u32,
    /// How long ago it was written down, in ms.
    pub age_ms: u64,
    /// When it was written down.
    #[serde(rename = "created_at_ms", deserialize_with = "instant")]
    pub created_at: Instant,
    /// The sign-in that it is about, if it is about one.
    pub subject_id: Option<String>,
    /// Where it goes; nothing when the contact of its booking is gone.
    pub email: Option<String>,
    /// The language of its reader, a tag of BCP 47.
    pub locale: Option<String>,
    /// Its booking as it was then; none of a lookup.
    pub booking: Option<LetterBooking>,
    /// The event of the booking.
    pub event: Option<LetterEvent>,
}

impl fmt::Debug for DueLetter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DueLetter({})", self.id)
    }
}

/// A booking as it was when its letter was written down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LetterBooking {
    /// The booking.
    pub booking_id: BookingId,
    /// Its owner.
    pub user_id: UserId,
    /// Its section.
    pub section: SectionName,
    /// Its seats; none in a standing section.
    pub seats: Vec<Seat>,
    /// How many places.
    pub quantity: u32,
    /// Its price in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// The part that was given up, if it is about one.
    pub part: Option<LetterPart>,
}

/// A part of a sale that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LetterPart {
    /// Its seats; none in a standing section.
    pub seats: Vec<Seat>,
    /// How many places.
    pub quantity: u32,
    /// Its share of the price, in minor units.
    pub amount: i64,
}

/// The event that a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LetterEvent {
    /// Its title.
    pub name: String,
    /// Where it takes place; may be empty.
    pub venue: String,
    /// Doors.
    #[serde(rename = "starts_at_ms", deserialize_with = "instant")]
    pub starts_at: Instant,
    /// The end.
    #[serde(rename = "ends_at_ms", deserialize_with = "instant")]
    pub ends_at: Instant,
    /// The zone in which people are told its times.
    pub time_zone: String,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterProgress {
    /// It was taken, or there is nobody to write to.
    Done,
    /// It is tried again after a rest.
    Failed {
        /// Why, for operators.
        error: String,
        /// The rest, in ms.
        rest_ms: u64,
    },
    /// It is given up.
    Dead {
        /// Why, for operators.
        error: String,
    },
}

/// Takes up to `limit` letters that are due, the longest due first, and lets each rest for
/// [`LETTER_LEASE_MS`].
///
/// # Errors
///
/// See [`Error`].
pub async fn claim_due_letters<D: Database>(
    database: &D,
    limit: u32,
) -> Result<Vec<DueLetter>, Error> {
    let parameters = vec![limit.into(), LETTER_LEASE_MS.into()];
    rows(database, "claim_due_letters", CLAIM, parameters)
        .await?
        .map(|mut row| row.document())
        .collect()
}

/// Notes what became of a letter. Returns false when its end was known.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_letter<D: Database>(
    database: &D,
    id: &str,
    progress: &LetterProgress,
) -> Result<bool, Error> {
    let (outcome, error, rest_ms) = match progress {
        LetterProgress::Done => ("done", None, 0),
        LetterProgress::Failed { error, rest_ms } => ("failed", Some(error.as_str()), *rest_ms),
        LetterProgress::Dead { error } => ("dead", Some(error.as_str()), 0),
    };
    let rest_ms = i64::try_from(rest_ms).unwrap_or(i64::MAX);
    let parameters = vec![id.into(), outcome.into(), Value::from(error), rest_ms.into()];
    one_row(database, "note_letter", NOTE, parameters).await?.boolean()
}

/// Forgets all letters that wait, and says how many that were. For a box office without a mail API.
///
/// # Errors
///
/// See [`Error`].
pub async fn drop_letters<D: Database>(database: &D) -> Result<u64, Error> {
    one_row(database, "drop_letters", DROP, vec![]).await?.count()
}
