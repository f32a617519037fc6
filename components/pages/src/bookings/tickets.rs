//! `GET /bookings/{booking_id}/tickets`: the tickets of a booking with their codes, to show at the
//! door, to print or to keep.

use askama::Template;
use domain::code::Code;
use domain::rate::RouteClass;
use domain::ticket::{Ticket, TicketStatus};
use guest::auth::Caller;
use guest::{Call, Problem, Reply, limit, stores, variables};
use http::StatusCode;
use rendering::qr::QrModules;
use service::tickets::{self, SignedTicket};

use crate::frame::{self, Frame};
use crate::language::Words;
use crate::session::{self, FormSeal};

#[derive(Template)]
#[template(path = "tickets.html")]
struct TicketsPage {
    frame: Frame,
    booking: String,
    event_name: String,
    venue: String,
    starts_at: String,
    tickets: Vec<TicketView>,
    /// Whether there is anything to print.
    has_valid: bool,
    seal: FormSeal,
}

struct TicketView {
    id: String,
    unit: String,
    status: String,
    is_valid: bool,
    holder: String,
    /// The QR code as SVG, made by us of what we signed.
    code: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, show(&call).await)
}

async fn show(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let visitor = session::known(call).await?;
    let visitor = visitor.ok_or_else(|| Problem::of(Code::BookingNotFound))?;
    limit::user(call, RouteClass::Poll, &visitor.user.to_string()).await?;
    let stores = stores::open().await?;
    let tickets = match tickets::of_booking(&stores, id, Caller::Buyer(visitor.user)).await {
        Ok(tickets) => tickets,
        // The page of the booking says how it stands.
        Err(refusal) if refusal.code == Code::BookingNotConfirmed => {
            return Ok(frame::see_other(&format!("/bookings/{id}")));
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let event = ledger::find_event(&stores.database, id.event()).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let keys = variables::signing_keys().await?;
    let frame = Frame::new(call, event.name.clone());
    let words = frame.words;
    let views = tickets.into_iter().map(|ticket| {
        let signed = SignedTicket::of(&keys, ticket)?;
        let code =
            QrModules::of(&signed.code).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(view(words, &signed.ticket, &code))
    });
    let tickets = views.collect::<Result<Vec<_>, Problem>>()?;
    let page = TicketsPage {
        booking: id.to_string(),
        event_name: event.name,
        venue: event.venue,
        starts_at: words.moment(event.starts_at, &event.time_zone),
        has_valid: tickets.iter().any(|ticket| ticket.is_valid),
        seal: visitor.seal(),
        tickets,
        frame,
    };
    Ok(visitor.remember(frame::reply(call, StatusCode::OK, &page), call))
}

fn view(words: Words, ticket: &Ticket, code: &QrModules) -> TicketView {
    let unit = match &ticket.seat {
        Some(seat) => words.with(
            "ticket-seat",
            [
                ("section", ticket.section.to_string().into()),
                ("row", seat.row.to_string().into()),
                ("number", seat.number.to_string().into()),
            ],
        ),
        None => words.with("ticket-standing", [("section", ticket.section.to_string().into())]),
    };
    let is_valid = ticket.status != TicketStatus::Cancelled;
    TicketView {
        id: ticket.ticket_id.to_string(),
        status: words.say(match ticket.status {
            TicketStatus::Valid => "ticket-valid",
            TicketStatus::Used => "ticket-used",
            TicketStatus::Cancelled => "ticket-cancelled",
        }),
        is_valid,
        holder: ticket.holder.clone().unwrap_or_default(),
        code: if is_valid { code.svg(&unit) } else { String::new() },
        unit,
    }
}
