//! What of a booking its owner gives up.

use crate::booking::Booking;
use crate::event::FieldProblem;
use crate::seat::{SEATS_PER_RESERVATION_MAX, Seat};

/// Places of a booking that are given up. All that there are is the whole booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These seats, all different, in the order of the hall.
    Seats(Vec<Seat>),
    /// So many standing places, 1 to 10.
    Quantity(u32),
}

impl Part {
    /// Reads the fields of a cancellation's body; `None` when neither is there, which is the whole
    /// booking.
    ///
    /// # Errors
    ///
    /// The field that is wrong, and why.
    pub fn read(
        seats: Option<&[String]>,
        quantity: Option<i64>,
    ) -> Result<Option<Self>, FieldProblem> {
        match (seats, quantity) {
            (None, None) => Ok(None),
            (Some(seats), None) => read_seats(seats).map(Some),
            (None, Some(quantity)) => read_quantity(quantity).map(Some),
            (Some(_), Some(_)) => Err(of_field("quantity", "must not stand beside seats")),
        }
    }
}

/// Why seats are no part of a booking.
pub const NOT_ITS_SEATS: &str = "must be seats of this booking";
/// Why a quantity is no part of a booking.
pub const TOO_MANY: &str = "must be at most what the booking has";

impl Part {
    /// How many places of `booking` this is.
    ///
    /// # Errors
    ///
    /// The field that is wrong, and why, when it is no part of this booking.
    pub fn of(&self, booking: &Booking) -> Result<u32, FieldProblem> {
        let is_standing = booking.seats.is_empty();
        match self {
            Self::Seats(_) if is_standing => Err(self.of_other_kind()),
            Self::Quantity(_) if !is_standing => Err(self.of_other_kind()),
            Self::Seats(seats) if seats.iter().all(|seat| booking.seats.contains(seat)) => {
                Ok(u32::try_from(seats.len()).unwrap_or(u32::MAX))
            }
            Self::Seats(_) => Err(of_field("seats", NOT_ITS_SEATS)),
            Self::Quantity(quantity) if *quantity > booking.quantity => {
                Err(of_field("quantity", TOO_MANY))
            }
            Self::Quantity(quantity) => Ok(*quantity),
        }
    }

    /// What is wrong when the booking is of the other kind.
    pub fn of_other_kind(&self) -> FieldProblem {
        match self {
            Self::Seats(_) => of_field("seats", "must not be named of standing places"),
            Self::Quantity(_) => of_field("quantity", "must not stand for seats: name them"),
        }
    }
}

fn of_field(field: &str, problem: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.into(), problem: problem.into() }
}

fn read_seats(texts: &[String]) -> Result<Part, FieldProblem> {
    if texts.is_empty() || texts.len() > SEATS_PER_RESERVATION_MAX {
        let problem = format!("must be 1 to {SEATS_PER_RESERVATION_MAX} seats");
        return Err(of_field("seats", problem));
    }
    let mut seats = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let seat: Seat = text
            .parse()
            .map_err(|_| of_field(&format!("seats[{index}]"), "is not the label of a seat"))?;
        if seats.contains(&seat) {
            return Err(of_field(&format!("seats[{index}]"), "is named twice"));
        }
        seats.push(seat);
    }
    seats.sort_unstable();
    Ok(Part::Seats(seats))
}

fn read_quantity(quantity: i64) -> Result<Part, FieldProblem> {
    let known = 1..=SEATS_PER_RESERVATION_MAX as u32;
    let quantity = u32::try_from(quantity).ok().filter(|quantity| known.contains(quantity));
    quantity
        .map(Part::Quantity)
        .ok_or_else(|| of_field("quantity", format!("must be 1 to {SEATS_PER_RESERVATION_MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(seats: Option<&[&str]>, quantity: Option<i64>) -> Result<Option<Part>, String> {
        let seats: Option<Vec<String>> =
            seats.map(|seats| seats.iter().map(|seat| (*seat).to_owned()).collect());
        Part::read(seats.as_deref(), quantity).map_err(|problem| problem.field.to_string())
    }

    #[test]
    fn a_part_is_seats_or_a_quantity_and_nothing_is_the_whole() {
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(read(None, Some(2)), Ok(Some(Part::Quantity(2))));
        let seats = ["A-1-2", "A-1-12"].map(|seat| seat.parse().unwrap()).to_vec();
        assert_eq!(read(Some(&["A-1-12", "A-1-2"]), None), Ok(Some(Part::Seats(seats))));
    }

    #[test]
    fn a_part_that_is_none_names_its_field() {
        let eleven: Vec<String> = (1..=11).map(|number| format!("A-1-{number}")).collect();
        let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
        for (seats, quantity, field) in [
            (None, Some(0), "quantity"),
            (None, Some(-1), "quantity"),
            (None, Some(11), "quantity"),
            (None, Some(i64::MAX), "quantity"),
            (Some(&["A-1-1"][..]), Some(1), "quantity"),
            (Some(&[]), None, "seats"),
            (Some(&eleven), None, "seats"),
            (Some(&["A-1-1", "A-1-1"]), None, "seats[1]"),
            (Some(&["A-1-1", "A-01-1"]), None, "seats[1]"),
            (Some(&["x"]), None, "seats[0]"),
        ] {
            assert_eq!(read(seats, quantity), Err(field.to_owned()), "{seats:?} {quantity:?}");
        }
    }
}
