//! What a buyer asks to reserve.

use crate::seat::{SEATS_PER_RESERVATION_MAX, Seat};
use crate::section::SectionName;

/// One of the three ways to choose places. All places of a reservation are in one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These seats, 1 to 10, all different.
    Seats {
        /// Their section.
        section: SectionName,
        /// The seats, in the order of the hall.
        seats: Vec<Seat>,
    },
    /// So many places of this section: adjacent seats in one row, or standing places.
    Section {
        /// The section.
        section: SectionName,
        /// How many, 1 to 10.
        quantity: u32,
    },
    /// So many adjacent seats in one row of any seated section.
    Any {
        /// How many, 1 to 10.
        quantity: u32,
    },
}

/// Not one valid choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSelection {
    /// Neither seats nor a quantity, or both.
    #[error("name either seats or a quantity")]
    Ambiguous,
    /// None, or more than ten.
    #[error("a reservation has 1 to {SEATS_PER_RESERVATION_MAX} seats or units")]
    Count,
    /// These texts are not seats.
    #[error("these are not seats: {}", .0.join(", "))]
    NotSeats(Vec<String>),
    /// These seats are named twice.
    #[error("these seats are named twice: {}", .0.join(", "))]
    Duplicates(Vec<String>),
    /// The seats are in different sections.
    #[error("all seats of a reservation must be in one section")]
    SeveralSections,
    /// No section has this name.
    #[error("there is no section of that name")]
    NotASection,
}

impl Selection {
    /// Reads the fields of a reservation's body.
    ///
    /// # Errors
    ///
    /// [`InvalidSelection`], the most basic reason first.
    pub fn read(
        seats: Option<&[String]>,
        section: Option<&str>,
        quantity: Option<i64>,
    ) -> Result<Self, InvalidSelection> {
        match (seats, quantity) {
            (Some(seats), None) => read_seats(seats, section),
            (None, Some(quantity)) => read_quantity(section, quantity),
            (Some(_), Some(_)) | (None, None) => Err(InvalidSelection::Ambiguous),
        }
    }
}

fn read_seats(texts: &[String], section: Option<&str>) -> Result<Selection, InvalidSelection> {
    if texts.is_empty() || texts.len() > SEATS_PER_RESERVATION_MAX {
        return Err(InvalidSelection::Count);
    }
    let mut seats = Vec::with_capacity(texts.len());
    let mut not_seats = Vec::new();
    for text in texts {
        match text.parse::<Seat>() {
            Ok(seat) => seats.push(seat),
            Err(_) => not_seats.push(text.chars().take(32).collect()),
        }
    }
    if !not_seats.is_empty() {
        return Err(InvalidSelection::NotSeats(not_seats));
    }
    seats.sort_unstable();
    let duplicates: Vec<_> = seats
        .iter()
        .zip(seats.iter().skip(1))
        .filter(|(seat, next)| seat == next)
        .map(|(seat, _)| seat.to_string())
        .collect();
    if !duplicates.is_empty() {
        return Err(InvalidSelection::Duplicates(duplicates));
    }
    let Some(first) = seats.first().map(|seat| seat.section.clone()) else {
        return Err(InvalidSelection::Count);
    };
    let one_section = seats.iter().all(|seat| seat.section == first)
        && section.is_none_or(|section| section == first.as_str());
    if one_section {
        Ok(Selection::Seats { section: first, seats })
    } else {
        Err(InvalidSelection::SeveralSections)
    }
}

fn read_quantity(section: Option<&str>, quantity: i64) -> Result<Selection, InvalidSelection> {
    let quantity = u32::try_from(quantity)
        .ok()
        .filter(|quantity| (1..=SEATS_PER_RESERVATION_MAX as u32).contains(quantity))
        .ok_or(InvalidSelection::Count)?;
    match section {
        Some(section) => {
            let section = section.parse().map_err(|_| InvalidSelection::NotASection)?;
            Ok(Selection::Section { section, quantity })
        }
        None => Ok(Selection::Any { quantity }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(seats: &[&str]) -> Result<Selection, InvalidSelection> {
        let seats: Vec<_> = seats.iter().map(|seat| (*seat).to_owned()).collect();
        Selection::read(Some(&seats), None, None)
    }

    #[test]
    fn seats_come_in_the_order_of_the_hall() {
        let Ok(Selection::Seats { section, seats }) = read(&["A-10-1", "A-2-12", "A-2-2"]) else {
            panic!("these are three seats of one section");
        };
        assert_eq!(section.as_str(), "A");
        let labels: Vec<_> = seats.iter().map(ToString::to_string).collect();
        assert_eq!(labels, ["A-2-2", "A-2-12", "A-10-1"]);
    }

    #[test]
    fn seats_that_cannot_be_reserved_together_are_refused() {
        let eleven: Vec<_> = (1..=11).map(|number| format!("A-1-{number}")).collect();
        let eleven: Vec<_> = eleven.iter().map(String::as_str).collect();
        assert_eq!(read(&[]), Err(InvalidSelection::Count));
        assert_eq!(read(&eleven), Err(InvalidSelection::Count));
        assert!(read(&eleven[..10]).is_ok());
        assert_eq!(read(&["A-1-1", "B-1-1"]), Err(InvalidSelection::SeveralSections));
        let duplicates = InvalidSelection::Duplicates(vec!["A-1-1".to_owned()]);
        assert_eq!(read(&["A-1-1", "A-1-2", "A-1-1"]), Err(duplicates));
        let not_seats = InvalidSelection::NotSeats(vec!["A-0-1".to_owned(), "x".to_owned()]);
        assert_eq!(read(&["A-1-1", "A-0-1", "x"]), Err(not_seats));
    }

    #[test]
    fn a_quantity_is_one_to_ten() {
        for (quantity, accepted) in
            [(i64::MIN, false), (0, false), (1, true), (10, true), (11, false)]
        {
            assert_eq!(Selection::read(None, None, Some(quantity)).is_ok(), accepted, "{quantity}");
        }
        let section = Selection::read(None, Some("{A}"), Some(1));
        assert_eq!(section, Err(InvalidSelection::NotASection));
    }

    #[test]
    fn either_seats_or_a_quantity() {
        let seats = ["A-1-1".to_owned()];
        assert_eq!(Selection::read(None, Some("A"), None), Err(InvalidSelection::Ambiguous));
        assert_eq!(Selection::read(Some(&seats), None, Some(1)), Err(InvalidSelection::Ambiguous));
        assert!(Selection::read(Some(&seats), Some("A"), None).is_ok());
        let other = Selection::read(Some(&seats), Some("B"), None);
        assert_eq!(other, Err(InvalidSelection::SeveralSections));
    }
}
