//! One request: reads the map and begins its stream.

use domain::code::Code;
use domain::rate::RouteClass;
use domain::section::SectionName;
use guest::call::invalid_field;
use guest::event_text::MessageId;
use guest::hub::{INSTANCE, instance, reading};
use guest::stream::Opening;
use guest::{Call, Problem, Reply, limit, stores};
use sale::SeatsToFollow;

use crate::client::Client;
use crate::hub;

pub(crate) async fn open(call: Call, opening: Opening) -> Result<Reply, Problem> {
    let event = call.event_id()?;
    let section: SectionName = call
        .query("section")
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| invalid_field("section", "must name a section"))?;
    let _reading = reading();
    limit::address(&call, RouteClass::Poll).await?;
    let stores = stores::open().await?;
    let resumed_from = call.header("last-event-id").and_then(MessageId::parse);
    let known = resumed_from.map(MessageId::cursor);
    let seats = match sale::watch_seats(&stores, event, &section, known).await? {
        SeatsToFollow::Found(seats) => *seats,
        SeatsToFollow::UnknownSection => {
            return Err(Problem::new(Code::InvalidSeats, "the section does not exist"));
        }
        SeatsToFollow::NotSeated => {
            return Err(Problem::new(Code::InvalidSeats, "a standing section has no seats"));
        }
        SeatsToFollow::EventMissing => return Err(Problem::of(Code::EventNotFound)),
    };
    // A browser that has read the end comes back all the same; 204 is what stops it (HTML standard,
    // section 9.2.3). An event whose end was moved is told again.
    // mutant: an-ended-stream-of-seats-is-told-again
    if seats.end.is_some() && resumed_from.is_some_and(|last| last.has_ended(0)) {
        return Ok(Reply::no_content());
    }
    let client = Client::new(&seats, resumed_from);
    hub::add(event, client, seats, opening.begin(), stores.cluster);
    Ok(Reply::event_stream().with_header(INSTANCE, &instance()))
}
