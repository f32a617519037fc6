//! A numbered seat.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::section::SectionName;

/// Seats of one reservation at most: it bounds every loop over seats, in Lua too.
pub const SEATS_PER_RESERVATION_MAX: usize = 10;

/// A seat: `section-row-number`, row and number from 1, without leading zeros: `A-1-12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// The section.
    pub section: SectionName,
    /// The row; 1 is best.
    pub row: u32,
    /// The number within the row, in natural order.
    pub number: u32,
}

/// The text is not a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a seat is section-row-number, for example A-1-12")]
pub struct InvalidSeat;

impl fmt::Display for Seat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}-{}", self.section, self.row, self.number)
    }
}

impl FromStr for Seat {
    type Err = InvalidSeat;

    fn from_str(text: &str) -> Result<Self, InvalidSeat> {
        let (section, place) = text.split_once('-').ok_or(InvalidSeat)?;
        let (row, number) = place.split_once('-').ok_or(InvalidSeat)?;
        Ok(Self {
            section: section.parse().map_err(|_| InvalidSeat)?,
            row: ordinal(row)?,
            number: ordinal(number)?,
        })
    }
}

/// Reads a number from 1 that has one spelling: digits only, no leading zero.
fn ordinal(text: &str) -> Result<u32, InvalidSeat> {
    let one_spelling = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if one_spelling { text.parse().map_err(|_| InvalidSeat) } else { Err(InvalidSeat) }
}

impl Serialize for Seat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_has_one_spelling() {
        let seat: Seat = "A-1-12".parse().unwrap();
        assert_eq!((seat.section.as_str(), seat.row, seat.number), ("A", 1, 12));
        assert_eq!(seat.to_string(), "A-1-12");
        for text in [
            "",
            "A",
            "A-1",
            "A-1-",
            "A--1",
            "-1-1",
            "A-0-1",
            "A-1-0",
            "A-01-1",
            "A-+1-1",
            "A-1-1-1",
            "A-1-4294967296",
            "A-1-1\n",
            "{A}-1-1",
            "A-١-1",
        ] {
            assert!(text.parse::<Seat>().is_err(), "{text:?}");
        }
    }
}
