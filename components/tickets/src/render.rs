//! Replies with the forms of tickets that are no data.

use domain::code::Code;
use domain::id::EventId;
use domain::ticket::TicketStatus;
use guest::postgres::SpinDatabase;
use guest::{Problem, Reply, clock};
use http::{StatusCode, header};
use ledger::StoredEvent;
use rendering::qr::QrModules;
use rendering::ticket::TicketFacts;
use rendering::{RenderError, calendar, money, pdf};
use service::tickets::SignedTicket;

/// Says that the form of a reply depends on what the client likes.
pub(crate) fn varying(reply: Reply) -> Reply {
    reply.with_header(header::VARY, "Accept")
}

/// 409 for a ticket that admits nobody: what is printed of it could be taken for one that does.
pub(crate) fn check_admits(signed: &SignedTicket) -> Result<(), Problem> {
    if signed.ticket.status == TicketStatus::Cancelled {
        return Err(Problem::of(Code::TicketCancelled));
    }
    Ok(())
}

/// The QR code of a ticket.
pub(crate) fn code(signed: &SignedTicket) -> Result<Reply, Problem> {
    check_admits(signed)?;
    let modules = QrModules::of(&signed.code).map_err(defect)?;
    let svg = modules.svg(&format!("Ticket {}", signed.ticket.ticket_id));
    Ok(varying(Reply::text(StatusCode::OK, "image/svg+xml", svg)))
}

/// Tickets of an event as pages to print.
pub(crate) async fn pages(
    database: &SpinDatabase,
    event: EventId,
    tickets: &[SignedTicket],
) -> Result<Reply, Problem> {
    let event = find_event(database, event).await?;
    let prices: Vec<String> = tickets.iter().map(price).collect();
    let facts: Vec<_> =
        tickets.iter().zip(&prices).map(|(ticket, price)| facts(&event, ticket, price)).collect();
    let pdf = pdf::pages(&facts).map_err(defect)?;
    let reply = Reply::text(StatusCode::OK, "application/pdf", pdf);
    Ok(varying(reply).with_header(header::CONTENT_DISPOSITION, "inline; filename=\"tickets.pdf\""))
}

/// A ticket as an entry of a calendar; a cancelled one takes its entry out.
pub(crate) async fn calendar(
    database: &SpinDatabase,
    signed: &SignedTicket,
) -> Result<Reply, Problem> {
    let event = find_event(database, signed.ticket.event_id).await?;
    let price = price(signed);
    let text = calendar::entry(&facts(&event, signed, &price), clock::now());
    let reply = Reply::text(StatusCode::OK, "text/calendar; charset=utf-8", text);
    let attachment = "attachment; filename=\"ticket.ics\"";
    Ok(varying(reply).with_header(header::CONTENT_DISPOSITION, attachment))
}

async fn find_event(database: &SpinDatabase, event: EventId) -> Result<StoredEvent, Problem> {
    let found = ledger::find_event(database, event).await?;
    found.ok_or_else(|| Problem::internal("a ticket of an event that does not exist"))
}

fn price(signed: &SignedTicket) -> String {
    let currency = &signed.ticket.currency;
    money::amount(signed.ticket.price, currency)
}

fn facts<'a>(event: &'a StoredEvent, signed: &'a SignedTicket, price: &'a str) -> TicketFacts<'a> {
    let ticket = &signed.ticket;
    TicketFacts {
        ticket_id: ticket.ticket_id.as_str(),
        code: &signed.code,
        event: &event.name,
        venue: &event.venue,
        time_zone: &event.time_zone,
        starts_at: event.starts_at,
        ends_at: event.ends_at,
        section: ticket.section.as_str(),
        seat: ticket.seat.as_ref(),
        price,
        holder: ticket.holder.as_deref(),
        is_cancelled: ticket.status == TicketStatus::Cancelled,
    }
}

fn defect(error: RenderError) -> Problem {
    Problem::internal(error.to_string())
}
