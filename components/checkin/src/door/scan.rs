//! `GET /door/{event_id}` and its form: a ticket is shown, and the screen says in one word and one
//! colour what is to be done.

use askama::Template;
use domain::code::Code;
use domain::id::EventId;
use domain::ticket::{ScanResult, Ticket, check_name};
use domain::time_zone::local_time;
use guest::call::invalid_fields;
use guest::session::{FormSeal, attempt_of};
use guest::{Call, Problem, Reply, etag, postgres, variables};
use http::StatusCode;
use ledger::{CheckIn, CheckInOutcome, ScanRequest};
use service::booking::Caller;
use service::door::{self, DoorRight};

use super::session::DoorSession;
use super::words::Words;
use super::{page, session};

#[derive(Template)]
#[template(path = "door_scan.html")]
struct ScanPage {
    words: Words,
    title: String,
    script: bool,
    event: String,
    counts: String,
    seal: FormSeal,
    gate: String,
    verdict: Option<Verdict>,
}

/// What became of the last ticket.
struct Verdict {
    /// `good`, `bad` or `neutral`, for colour and sound. The heading says the same.
    class: &'static str,
    heading: &'static str,
    /// Whether the answer was given before, to the same press of the button.
    is_again: bool,
    /// What the ticket is for, and for whom.
    ticket: String,
    /// When and where it was used.
    used: Option<String>,
    /// The ticket, where its admission can be taken back.
    can_undo: Option<String>,
}

pub(crate) async fn show(call: Call) -> Result<Reply, Problem> {
    page::told(&call, read(&call).await)
}

async fn read(call: &Call) -> Result<Reply, Problem> {
    let Some(session) = session::known(call).await? else { return Ok(page::see_other("/door")) };
    scan_page(call, call.event_id()?, &session, String::new(), None).await
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    page::told(&call, scan(&call).await)
}

async fn scan(call: &Call) -> Result<Reply, Problem> {
    // The session of a long day may have ended meanwhile.
    let Some(session) = session::known(call).await? else { return Ok(page::see_other("/door")) };
    let attempt = attempt_of(call, session.text())?;
    let event = call.event_id()?;
    let code = call.form_field("code")?.unwrap_or_default();
    let gate = call.form_field("gate")?.unwrap_or_default().trim().to_owned();
    if !gate.is_empty() {
        check_name("gate", &gate).map_err(|problem| invalid_fields(&[problem]))?;
    }
    let undo = call.form_field("undo")?.is_some();
    let right = if undo { DoorRight::Undo } else { DoorRight::CheckIn };
    if !door::may(Caller::Organiser, right) {
        return Err(Problem::of(Code::Forbidden));
    }
    let keys = variables::verifying_keys().await?;
    let ticket = door::shown_ticket(&keys, &code);
    // The same press sent twice, such as after a lost answer, is one scan; what is scanned with a
    // page that was gone back to is another one.
    let fingerprint = etag([code.as_bytes(), gate.as_bytes(), &[u8::from(undo)]]);
    let entry = format!("door:{attempt}:{fingerprint}");
    let request = ScanRequest { entry: &entry, fingerprint: &fingerprint };
    let check_in =
        CheckIn { event, ticket: ticket.as_ref(), gate: &gate, undo, request: Some(request) };
    let database = postgres::database().await?;
    match ledger::check_in(&database, &check_in).await? {
        CheckInOutcome::Scanned { result, ticket, is_replayed } => {
            let told = Told { result, ticket, is_replayed };
            scan_page(call, event, &session, gate, Some(told)).await
        }
        CheckInOutcome::RequestReused => Err(Problem::of(Code::Forbidden)),
        CheckInOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
    }
}

/// The answer to a scan.
struct Told {
    result: ScanResult,
    ticket: Option<Box<Ticket>>,
    is_replayed: bool,
}

async fn scan_page(
    call: &Call,
    id: EventId,
    session: &DoorSession,
    gate: String,
    told: Option<Told>,
) -> Result<Reply, Problem> {
    let database = postgres::database().await?;
    let event = ledger::find_event(&database, id).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let counts = ledger::checkin_counts(&database, id).await?;
    let counts = counts.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let words = page::words(call);
    let page = ScanPage {
        words,
        event: id.to_string(),
        counts: words.counts(counts.admitted, counts.sold),
        seal: session.seal(),
        gate,
        verdict: told.map(|told| verdict(words, told, &event.time_zone)),
        title: event.name,
        script: true,
    };
    Ok(page::reply(StatusCode::OK, &page))
}

fn verdict(words: Words, told: Told, time_zone: &str) -> Verdict {
    let Told { result, ticket, is_replayed } = told;
    let class = match result {
        // Seen a second time it is no admission of a second person.
        // mutant: an-answer-again-is-green
        ScanResult::Admitted if !is_replayed => "good",
        ScanResult::Admitted | ScanResult::Undone | ScanResult::NotUsed => "neutral",
        ScanResult::AlreadyUsed
        | ScanResult::Cancelled
        | ScanResult::WrongEvent
        | ScanResult::Unknown => "bad",
    };
    let can_undo = matches!(result, ScanResult::Admitted | ScanResult::AlreadyUsed);
    let used_at = ticket.as_ref().and_then(|ticket| ticket.used_at);
    let used = used_at.filter(|_| result == ScanResult::AlreadyUsed).map(|at| {
        let time = local_time(at, time_zone).date_time.strftime("%H:%M:%S").to_string();
        let gate = ticket.as_ref().and_then(|ticket| ticket.used_gate.as_deref());
        format!("{} {time} {}", words.used(), gate.unwrap_or_default())
    });
    let id = ticket.as_ref().map(|ticket| ticket.ticket_id.to_string());
    let text = ticket.map_or_else(String::new, |ticket| match &ticket.holder {
        Some(holder) => format!("{}, {holder}", ticket.unit()),
        None => ticket.unit().to_string(),
    });
    Verdict {
        class,
        heading: words.result(result),
        is_again: is_replayed,
        ticket: text,
        used,
        can_undo: id.filter(|_| can_undo),
    }
}
