//! What a section has to sell when its event is opened.

use cluster::Argument;
use domain::section::{SEAT_SOLD, SeatMap, Section, SectionKind};

/// A section and what is sold of it.
#[derive(Debug, Clone)]
pub struct SectionStock {
    section: Section,
    sold: i64,
    map: Option<SeatMap>,
}

impl SectionStock {
    /// A section of which nothing is sold.
    pub fn free(section: Section) -> Self {
        Self::with_sold_seats(section, &[])
    }

    /// A seated section of which these seats, as row and number, are sold. Seats that do not exist
    /// are left out, and all of them if the section is standing.
    pub fn with_sold_seats(section: Section, seats: &[(u32, u32)]) -> Self {
        let map = match section.kind {
            SectionKind::Seated { rows, seats_per_row } => {
                let mut map = SeatMap::free(rows, seats_per_row);
                for (row, number) in seats {
                    map.sell(*row, *number);
                }
                Some(map)
            }
            SectionKind::Standing { .. } => None,
        };
        let sold = map.as_ref().map_or(0, |map| map.count(SEAT_SOLD));
        Self { section, sold: i64::try_from(sold).unwrap_or(i64::MAX), map }
    }

    /// A standing section of which `sold` places are sold, at most all of them.
    pub fn with_sold_places(section: Section, sold: u32) -> Self {
        let sold = i64::from(sold.min(section.capacity()));
        Self { section, sold, map: None }
    }

    /// The section.
    pub const fn section(&self) -> &Section {
        &self.section
    }

    /// Places that are not sold.
    pub(crate) fn available(&self) -> i64 {
        i64::from(self.section.capacity()) - self.sold
    }

    /// Places that are sold.
    pub(crate) const fn sold(&self) -> i64 {
        self.sold
    }

    /// The map as an argument: empty for a standing section.
    pub(crate) fn map_argument(&self) -> Argument {
        self.map.as_ref().map_or_else(|| "".into(), |map| map.as_bytes().to_vec().into())
    }
}
