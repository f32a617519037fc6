//! The bookings of an event as CSV (RFC 4180), for a spreadsheet.

use ledger::EventBooking;

/// The columns. The order is part of the contract: new ones come at the end.
pub const HEADER: &str = "booking_id,status,section,seats,quantity,amount,currency,name,email,created_at,confirmed_at\r\n";

/// These bookings, each as a line.
pub fn lines(listed: &[EventBooking]) -> String {
    listed.iter().map(line).collect()
}

/// One booking as a line. Seats are separated by spaces; what is not known is empty.
fn line(listed: &EventBooking) -> String {
    let EventBooking { booking, confirmed_at } = listed;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        booking.booking_id.to_string(),
        booking.status.as_str().to_owned(),
        booking.section.to_string(),
        booking.seat_labels().join(" "),
        booking.quantity.to_string(),
        booking.amount.to_string(),
        booking.currency.clone(),
        text(&booking.contact.name),
        text(&booking.contact.email),
        booking.created_at.to_string(),
        confirmed_at.map(|at| at.to_string()).unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
    cells.join(",") + "\r\n"
}

/// A text as a cell. Spreadsheets run what looks like a formula, and buyers choose their names: an
/// apostrophe in front makes it a text.
fn cell(text: &str) -> String {
    // mutant: cells-are-formulas
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let apostrophe = if is_formula { "'" } else { "" };
    let text = format!("{apostrophe}{text}");
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use domain::booking::{Booking, BookingStatus};
    use domain::contact::Contact;
    use domain::id::{BookingId, EventId, UserId};
    use domain::time::Instant;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_always_one_cell() {
        for (text, expected) in [
            ("", ""),
            ("Jane Doe", "Jane Doe"),
            ("O'Brien", "O'Brien"),
            ("Doe, Jane", "\"Doe, Jane\""),
            ("Jane \"J\" Doe", "\"Jane \"\"J\"\" Doe\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_a_cell_for_each_column() {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        let booking = Booking {
            booking_id: BookingId::new(event, Uuid::from_u128(2)),
            event_id: event,
            user_id: UserId::from_uuid(Uuid::from_u128(3)),
            status: BookingStatus::Confirmed,
            section: "A".parse().unwrap(),
            seats: ["A-1-1", "A-1-2"].map(|seat| seat.parse().unwrap()).to_vec(),
            quantity: 2,
            amount: 10_000,
            currency: "EUR".to_owned(),
            expires_at: Instant::from_unix_ms(0),
            created_at: Instant::from_unix_ms(1_795_248_000_123),
            contact: Contact { name: Some("=A1".to_owned()), ..Contact::default() },
        };
        let id = booking.booking_id;
        let mut listed = EventBooking { booking, confirmed_at: None };
        let line_of_hold =
            format!("{id},confirmed,A,A-1-1 A-1-2,2,10000,EUR,'=A1,,2026-11-21T08:00:00.123Z,\r\n");
        assert_eq!(line(&listed), line_of_hold);
        listed.confirmed_at = Some(Instant::from_unix_ms(1_795_248_001_000));
        assert!(line(&listed).ends_with(",2026-11-21T08:00:01.000Z\r\n"), "{}", line(&listed));
        assert_eq!(line(&listed).matches(',').count(), HEADER.matches(',').count());
    }
}
