//! A ticket: one sold unit, with a short id of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::FieldProblem;
use crate::id::{BookingId, EventId, InvalidId};
use crate::seat::Seat;
use crate::section::SectionName;
use crate::text;
use crate::time::Instant;

/// Characters of a ticket's id.
pub const TICKET_ID_LENGTH: usize = 12;
/// The longest name of a holder or a gate, in characters: one line of a printed ticket, or of a
/// scanner's display.
pub const NAME_LENGTH_MAX: usize = 100;

/// The id of a ticket: 12 digits and small letters without `i`, `l` and `o`, which look like
/// digits.
///
/// It is chance, so it is as good as a secret: whoever knows it can show the ticket by hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketId(String);

impl TicketId {
    /// Reads an id as people type it: capitals are small letters, `o` is 0, `i` and `l` are 1, and
    /// blanks and hyphens are there for the eye.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] when it is no id all the same.
    pub fn typed(text: &str) -> Result<Self, InvalidId> {
        // Longer texts are no ids: nobody puts two blanks after each sign.
        if text.len() > 3 * TICKET_ID_LENGTH {
            return Err(INVALID_ID);
        }
        let meant = |sign: char| match sign.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            sign => sign,
        };
        let signs = text.chars().filter(|sign| !matches!(sign, ' ' | '-'));
        signs.map(meant).collect::<String>().parse()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const INVALID_ID: InvalidId = InvalidId { kind: "ticket" };

impl fmt::Display for TicketId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TicketId {
    type Err = InvalidId;

    /// Accepts only the form in which the ledger has it.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let is_sign = |byte: u8| {
            byte.is_ascii_digit()
                || byte.is_ascii_lowercase() && !matches!(byte, b'i' | b'l' | b'o')
        };
        let is_id = text.len() == TICKET_ID_LENGTH && text.bytes().all(is_sign);
        if is_id { Ok(Self(text.to_owned())) } else { Err(INVALID_ID) }
    }
}

impl Serialize for TicketId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TicketId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The unit that a ticket is for, in one text: a seat's label, or the section where one stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TicketUnit {
    /// A seat, `A-1-12`.
    Seat(Seat),
    /// Anywhere in a standing section, `FLOOR`.
    Standing(SectionName),
}

impl fmt::Display for TicketUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seat(seat) => seat.fmt(formatter),
            Self::Standing(section) => section.fmt(formatter),
        }
    }
}

impl FromStr for TicketUnit {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "unit" };
        // A section's name has no hyphen.
        if text.contains('-') {
            text.parse().map(Self::Seat).map_err(|_| invalid)
        } else {
            text.parse().map(Self::Standing).map_err(|_| invalid)
        }
    }
}

impl Serialize for TicketUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TicketUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a ticket is worth at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketStatus {
    /// Its bearer is admitted.
    Valid,
    /// Its bearer is in.
    Used,
    /// Its sale was taken back, for good.
    Cancelled,
}

/// A ticket, in the form in which its owner, the organiser and the door see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The booking it was bought with.
    pub booking_id: BookingId,
    /// Its event.
    pub event_id: EventId,
    /// Its section.
    pub section: SectionName,
    /// Its seat; none in a standing section.
    pub seat: Option<Seat>,
    /// What it is worth.
    pub status: TicketStatus,
    /// Who will come with it, as its owner says.
    pub holder: Option<String>,
    /// What it cost, in minor units of `currency`.
    pub price: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// When its bearer was admitted.
    pub used_at: Option<Instant>,
    /// Where, in words of those who scanned it.
    pub used_gate: Option<String>,
}

impl Ticket {
    /// What it is for, in one text.
    pub fn unit(&self) -> TicketUnit {
        match &self.seat {
            Some(seat) => TicketUnit::Seat(seat.clone()),
            None => TicketUnit::Standing(self.section.clone()),
        }
    }
}

/// What became of a ticket that was shown at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanResult {
    /// Its bearer may go in: for the first and only time.
    Admitted,
    /// Somebody went in with it before.
    AlreadyUsed,
    /// Its sale was taken back.
    Cancelled,
    /// It is for another event.
    WrongEvent,
    /// Not a ticket of ours.
    Unknown,
    /// An admission was taken back: it is as if it had not been used.
    Undone,
    /// There was no admission to take back.
    NotUsed,
}

/// Checks the name of a holder or a gate: one visible line of at most [`NAME_LENGTH_MAX`]
/// characters.
///
/// # Errors
///
/// What is wrong with `field`, for people.
pub fn check_name(field: &'static str, name: &str) -> Result<(), FieldProblem> {
    let is_short = name.chars().count() <= NAME_LENGTH_MAX;
    let length = if is_short { Ok(()) } else { Err("must have at most 100 characters") };
    length
        .and_then(|()| text::check_line(name))
        .map_err(|problem| FieldProblem { field: field.to_owned(), problem: problem.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling_and_is_read_as_people_type_it() {
        let id: TicketId = "0123456789ab".parse().unwrap();
        assert_eq!(id.to_string(), "0123456789ab");
        for text in
            ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789ao", "0123 56789ab"]
        {
            assert!(text.parse::<TicketId>().is_err(), "{text:?}");
        }
        for text in ["0123456789ab", "0123-4567-89AB", " OI23 4567 89ab ", "ol23456789ab"] {
            assert_eq!(TicketId::typed(text), Ok(id.clone()), "{text:?}");
        }
        for text in ["", "0123456789a", "0123456789a\u{fc}", "tk1.0123456789ab", &"-".repeat(99)] {
            assert!(TicketId::typed(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_unit_is_a_seat_or_a_section() {
        for text in ["A-1-12", "FLOOR"] {
            let unit: TicketUnit = text.parse().unwrap();
            assert_eq!(unit.to_string(), text);
            assert_eq!(matches!(unit, TicketUnit::Seat(_)), text.contains('-'));
        }
        for text in ["", "A-1", "A-01-1", "FLOOR-bk_1-2", "-", "Ä"] {
            assert!(text.parse::<TicketUnit>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_one_visible_line_of_a_hundred_characters() {
        for name in ["Ada", &"\u{e9}".repeat(100), "\u{65e5}\u{672c}", "\u{5d0}\u{5d1}"] {
            assert_eq!(check_name("holder", name), Ok(()), "{name}");
        }
        for name in ["", " ", "\u{200b}", "a\nb", &"x".repeat(101), "a\u{202e}b"] {
            assert_eq!(check_name("holder", name).unwrap_err().field, "holder", "{name:?}");
        }
    }
}
