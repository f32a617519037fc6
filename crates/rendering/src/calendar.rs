//! A ticket as an entry of a calendar (RFC 5545).

use domain::time::Instant;
use jiff::Timestamp;

use crate::ticket::TicketFacts;

/// Octets of a line at most, without its end (RFC 5545, section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// The entry of a ticket, as a calendar of its own. `made_at` is when this text is made. The same
/// ticket has the same UID each time, so that a calendar replaces the entry it has.
pub fn entry(facts: &TicketFacts<'_>, made_at: Instant) -> String {
    let mut described = vec![facts.unit()];
    described.extend(facts.holder.map(|holder| format!("Holder: {holder}")));
    described.push(format!("Ticket: {}", facts.spelled_id()));
    let (status, sequence) = if facts.is_cancelled { ("CANCELLED", 1) } else { ("CONFIRMED", 0) };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Boxoffice//Tickets//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:ticket-{}@boxoffice", facts.ticket_id),
        format!("DTSTAMP:{}", utc(made_at)),
        format!("DTSTART:{}", utc(facts.starts_at)),
        format!("DTEND:{}", utc(facts.ends_at)),
        format!("SUMMARY:{}", escaped(facts.event)),
        format!("DESCRIPTION:{}", escaped(&described.join("\n"))),
        format!("STATUS:{status}"),
        format!("SEQUENCE:{sequence}"),
    ];
    if !facts.venue.is_empty() {
        lines.push(format!("LOCATION:{}", escaped(facts.venue)));
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.iter().map(|line| folded(line)).collect()
}

/// An instant in UTC, in whole seconds: `20350601T190000Z`.
fn utc(instant: Instant) -> String {
    match Timestamp::from_millisecond(instant.unix_ms()) {
        Ok(timestamp) => timestamp.strftime("%Y%m%dT%H%M%SZ").to_string(),
        // No instant is out of its range.
        Err(_) => String::new(),
    }
}

/// A text as a value (RFC 5545, section 3.3.11). Other control characters have no place there.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for sign in text.replace("\r\n", "\n").chars() {
        match sign {
            '\\' | ';' | ',' => escaped.extend(['\\', sign]),
            '\n' | '\r' => escaped.push_str("\\n"),
            sign if sign.is_control() => {}
            sign => escaped.push(sign),
        }
    }
    escaped
}

/// A line with its end, in pieces of at most 75 octets: a piece begins with a blank and never in
/// the middle of a character.
fn folded(line: &str) -> String {
    let mut folded = String::new();
    let mut octets = 0;
    for sign in line.chars() {
        if octets + sign.len_utf8() > LINE_OCTETS_MAX {
            folded.push_str("\r\n ");
            octets = 1;
        }
        folded.push(sign);
        octets += sign.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::tests::facts;

    const MADE_AT: Instant = Instant::from_unix_ms(1_800_000_000_999);

    /// The lines as a reader joins them.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn an_entry_says_when_and_where_and_which_unit() {
        let seat = "A-1-12".parse().unwrap();
        let facts = TicketFacts { seat: Some(&seat), holder: Some("Ada"), ..facts() };
        let lines = unfolded(&entry(&facts, MADE_AT));
        for line in [
            "UID:ticket-0123456789ab@boxoffice",
            "DTSTAMP:20270115T080000Z",
            "DTSTART:20350601T190000Z",
            "DTEND:20350601T223000Z",
            "SUMMARY:Opening night",
            "LOCATION:Arena",
            "DESCRIPTION:Section A\\, row 1\\, seat 12\\nHolder: Ada\\nTicket: 0123-4567-89ab",
            "STATUS:CONFIRMED",
        ] {
            assert!(lines.iter().any(|it| it == line), "{line}: {lines:?}");
        }
        assert_eq!(lines[0], "BEGIN:VCALENDAR");
        assert_eq!(lines.last().map(String::as_str), Some("END:VCALENDAR"));
        let cancelled = entry(&TicketFacts { is_cancelled: true, ..facts }, MADE_AT);
        let lines = unfolded(&cancelled);
        assert!(lines.contains(&"STATUS:CANCELLED".to_owned()), "{lines:?}");
        assert!(lines.contains(&"SEQUENCE:1".to_owned()), "{lines:?}");
    }

    #[test]
    fn texts_are_escaped_and_lines_are_folded_between_characters() {
        let event = "Ein; sehr, \\langer\nTitel \u{1f3ad}".repeat(12);
        let venue = "\u{65e5}\u{672c}\u{6b66}\u{9053}\u{9928}".repeat(20);
        let text = entry(&TicketFacts { event: &event, venue: &venue, ..facts() }, MADE_AT);
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
        let lines = unfolded(&text);
        let expected = event.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
        assert!(lines.contains(&format!("SUMMARY:{}", expected.replace('\n', "\\n"))), "{lines:?}");
        assert!(lines.contains(&format!("LOCATION:{venue}")), "{lines:?}");
    }

    #[test]
    fn nothing_that_a_buyer_writes_makes_a_line() {
        let holder = "x\r\nEND:VEVENT\u{7}";
        let text = entry(&TicketFacts { holder: Some(holder), ..facts() }, MADE_AT);
        assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1, "{text}");
        assert!(!text.contains('\u{7}'));
    }
}
