//! What holds for any input, however wrong: one function of bytes for each parser.
//!
//! Fuzz targets (`fuzz/`) call them with inputs that they make up; the test below calls them with
//! the inputs that were kept (`fuzz/corpus`). Not part of any other build.

mod booking_and_other_ids;
mod provider_events;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;
mod seats;
mod sections;
mod signature_header;
mod ticket_codes;
mod tokens;

pub use booking_and_other_ids::booking_and_other_ids;
pub use provider_events::provider_events;
pub use seats::seats;
pub use sections::sections;
pub use signature_header::signature_header;
pub use ticket_codes::ticket_codes;
pub use tokens::tokens;

#[test]
fn what_was_found_once_stays_mended() {
    use replay::replay;

    replay("booking_and_other_ids", booking_and_other_ids);
    replay("provider_events", provider_events);
    replay("seats", seats);
    replay("sections", sections);
    replay("signature_header", signature_header);
    replay("ticket_codes", ticket_codes);
    replay("tokens", tokens);
}
