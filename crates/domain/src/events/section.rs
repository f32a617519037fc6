//! Sections: what is sold, and the map of a seated section.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Seats of one section at most. One map is one string in Redis: a check of 100 KB stays under a
/// quarter of a millisecond.
pub const SECTION_CAPACITY_MAX: u32 = 100_000;
/// The longest section name.
pub const SECTION_NAME_LENGTH_MAX: usize = 16;

/// The name of a section: 1 to 16 ASCII letters or digits, so that it needs no quoting in keys,
/// seat labels and records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SectionName(String);

/// The text is not a section name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a section name has 1 to 16 letters or digits")]
pub struct InvalidSectionName;

impl SectionName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SectionName {
    type Err = InvalidSectionName;

    fn from_str(text: &str) -> Result<Self, InvalidSectionName> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for SectionName {
    type Error = InvalidSectionName;

    fn try_from(text: String) -> Result<Self, InvalidSectionName> {
        let length_fits = (1..=SECTION_NAME_LENGTH_MAX).contains(&text.len());
        if length_fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text))
        } else {
            Err(InvalidSectionName)
        }
    }
}

impl From<SectionName> for String {
    fn from(name: SectionName) -> Self {
        name.0
    }
}

/// How the units of a section are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SectionKind {
    /// Rows of numbered seats; row 1 is best, the middle of a row is best.
    Seated {
        /// Rows, from 1.
        rows: u32,
        /// Seats in each row, from 1.
        seats_per_row: u32,
    },
    /// A number of equal units.
    Standing {
        /// Units.
        capacity: u32,
    },
}

/// A section of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Unique within the event.
    pub name: SectionName,
    /// Seated or standing, with its size.
    #[serde(flatten)]
    pub kind: SectionKind,
    /// Price of one ticket in minor units of the event's currency.
    pub price: i64,
}

impl Section {
    /// How many seats or units the section has. Saturates: an oversized section is refused by
    /// validation.
    pub const fn capacity(&self) -> u32 {
        match self.kind {
            SectionKind::Seated { rows, seats_per_row } => rows.saturating_mul(seats_per_row),
            SectionKind::Standing { capacity } => capacity,
        }
    }

    /// Whether the section has numbered seats.
    pub const fn is_seated(&self) -> bool {
        matches!(self.kind, SectionKind::Seated { .. })
    }

    /// The descriptor that scripts read from an event's settings:
    /// `seated <rows> <seats_per_row> <price>` or `standing <capacity> 0 <price>`.
    pub fn descriptor(&self) -> String {
        match self.kind {
            SectionKind::Seated { rows, seats_per_row } => {
                format!("seated {rows} {seats_per_row} {}", self.price)
            }
            SectionKind::Standing { capacity } => format!("standing {capacity} 0 {}", self.price),
        }
    }

    /// Reads a descriptor back; `None` when it is not one. As in the scripts, there is one
    /// spelling.
    pub fn from_descriptor(name: SectionName, descriptor: &str) -> Option<Self> {
        let mut words = descriptor.split(' ');
        let kind_word = words.next()?;
        let first: u32 = words.next()?.parse().ok()?;
        let second: u32 = words.next()?.parse().ok()?;
        let price: i64 = words.next()?.parse().ok()?;
        let kind = match kind_word {
            "seated" => SectionKind::Seated { rows: first, seats_per_row: second },
            "standing" => SectionKind::Standing { capacity: first },
            _ => return None,
        };
        let section = Self { name, kind, price };
        (price >= 0 && section.descriptor() == descriptor).then_some(section)
    }
}

/// A free seat in a map.
pub const SEAT_FREE: u8 = b'.';
/// A held seat in a map.
pub const SEAT_HELD: u8 = b'h';
/// A sold seat in a map.
pub const SEAT_SOLD: u8 = b's';
/// What stands between two rows of a map and is no seat, so that no block spans rows.
pub const ROW_SEPARATOR: u8 = b'/';

/// The map of a seated section in which every seat is free.
///
/// A map has one character per seat, rows in order of quality, `/` between rows: seat `number` of
/// `row` (both from 1) stands at `(row - 1) * (seats_per_row + 1) + number - 1`.
pub fn free_map(rows: u32, seats_per_row: u32) -> Vec<u8> {
    let row = vec![SEAT_FREE; seats_per_row as usize];
    vec![row; rows as usize].join(&ROW_SEPARATOR)
}

/// The free seats of a stored map as `(row, number)`, both from 1, best row first.
pub fn free_seats(map: &[u8]) -> impl Iterator<Item = (u32, u32)> + '_ {
    map.split(|character| *character == ROW_SEPARATOR).zip(1_u32..).flat_map(|(row, row_number)| {
        row.iter()
            .zip(1_u32..)
            .filter(|(seat, _)| **seat == SEAT_FREE)
            .map(move |(_, seat_number)| (row_number, seat_number))
    })
}

/// A stored map without its separators: one character per seat, row by row, as clients get it.
pub fn map_for_clients(map: &[u8]) -> String {
    map.iter()
        .filter(|character| **character != ROW_SEPARATOR)
        .map(|byte| char::from(*byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SectionName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_needs_no_quoting() {
        for text in ["", "A-1", "a b", "{A}", "Ä", "12345678901234567", "A\n", "A:B"] {
            assert!(text.parse::<SectionName>().is_err(), "{text:?}");
        }
        assert_eq!(name("FLOOR2").as_str(), "FLOOR2");
    }

    #[test]
    fn a_section_has_the_shape_of_the_contract() {
        let json = r#"{"name":"A","kind":"seated","rows":20,"seats_per_row":30,"price":5000}"#;
        let section: Section = serde_json::from_str(json).unwrap();
        assert_eq!(section.capacity(), 600);
        assert_eq!(serde_json::to_string(&section).unwrap(), json);
        let json = r#"{"name":"FLOOR","kind":"standing","capacity":500,"price":3500}"#;
        let section: Section = serde_json::from_str(json).unwrap();
        assert_eq!(section.capacity(), 500);
        assert_eq!(serde_json::to_string(&section).unwrap(), json);
    }

    #[test]
    fn a_descriptor_reads_back() {
        for kind in [
            SectionKind::Seated { rows: 3, seats_per_row: 4 },
            SectionKind::Standing { capacity: 9 },
        ] {
            let section = Section { name: name("A"), kind, price: 5000 };
            let read = Section::from_descriptor(name("A"), &section.descriptor());
            assert_eq!(read, Some(section));
        }
        for text in [
            "",
            "seated 3 4",
            "seated 3 4 5 6",
            "balcony 1 2 3",
            "seated x 4 5",
            "seated +3 4 5",
            "seated 3 4 -5",
            "standing 3 4 5",
        ] {
            assert_eq!(Section::from_descriptor(name("A"), text), None, "{text:?}");
        }
    }

    #[test]
    fn a_map_keeps_rows_apart() {
        let mut map = free_map(2, 3);
        assert_eq!(map, b".../...");
        map[4] = SEAT_SOLD;
        let free: Vec<_> = free_seats(&map).collect();
        assert_eq!(free, [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)]);
        assert_eq!(map_for_clients(&map), "...s..");
    }
}
