//! What is known of a ticket, and how it is put in words.

use domain::seat::Seat;
use domain::time::Instant;
use domain::time_zone::{LocalTime, local_time};

/// What a rendering says of a ticket.
#[derive(Debug, Clone, Copy)]
pub struct TicketFacts<'a> {
    /// The ticket's id.
    pub ticket_id: &'a str,
    /// Its signed code.
    pub code: &'a str,
    /// The title of its event.
    pub event: &'a str,
    /// Where that takes place; empty when the organiser does not say.
    pub venue: &'a str,
    /// The zone whose clocks tell its times.
    pub time_zone: &'a str,
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// The section.
    pub section: &'a str,
    /// The seat; none in a standing section.
    pub seat: Option<&'a Seat>,
    /// What it cost, in words.
    pub price: &'a str,
    /// Who will come with it.
    pub holder: Option<&'a str>,
    /// Whether it was cancelled.
    pub is_cancelled: bool,
}

impl TicketFacts<'_> {
    /// The unit in words: `Section A, row 1, seat 12`.
    pub fn unit(&self) -> String {
        let section = self.section;
        match self.seat {
            Some(seat) => format!("Section {section}, row {}, seat {}", seat.row, seat.number),
            None => format!("Section {section}, standing"),
        }
    }

    /// The id in groups of four, as it is read aloud and typed.
    pub fn spelled_id(&self) -> String {
        let signs: Vec<char> = self.ticket_id.chars().collect();
        signs.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
    }
}

/// An instant for people: `Friday 1 June 2035, 21:00 CEST`.
pub(crate) fn day_and_time(instant: Instant, time_zone: &str) -> String {
    let LocalTime { date_time, abbreviation } = local_time(instant, time_zone);
    format!("{} {abbreviation}", date_time.strftime("%A %-d %B %Y, %H:%M"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn facts<'a>() -> TicketFacts<'a> {
        TicketFacts {
            ticket_id: "0123456789ab",
            code: "tk1.eyJrIjoi.c2ln",
            event: "Opening night",
            venue: "Arena",
            time_zone: "Europe/Berlin",
            starts_at: "2035-06-01T19:00:00.000Z".parse().unwrap(),
            ends_at: "2035-06-01T22:30:00.000Z".parse().unwrap(),
            section: "A",
            seat: None,
            price: "50.00 EUR",
            holder: None,
            is_cancelled: false,
        }
    }

    #[test]
    fn unit_id_and_time_are_put_in_words() {
        let seat = "A-1-12".parse().unwrap();
        let facts = TicketFacts { seat: Some(&seat), ..facts() };
        assert_eq!(facts.unit(), "Section A, row 1, seat 12");
        assert_eq!(TicketFacts { seat: None, ..facts }.unit(), "Section A, standing");
        assert_eq!(facts.spelled_id(), "0123-4567-89ab");
        assert_eq!(
            day_and_time(facts.starts_at, facts.time_zone),
            "Friday 1 June 2035, 21:00 CEST"
        );
    }
}
