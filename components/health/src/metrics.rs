//! `GET /metrics`: Prometheus text.
//!
//! Open to everyone, so it holds nothing that is secret or about a person: places and queues of
//! events, which are public anyway, and how much work is still to do. Read at most every two
//! seconds, however often it is asked for.

use std::cell::RefCell;
use std::fmt::Write as _;

use domain::id::EventId;
use domain::time::Instant;
use futures_util::future::{join_all, join5};
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, clock, log, stores};
use http::StatusCode;
use ledger::{AuditTotals, OpenWork, ProviderRefusals};
use scripts::{MarkKind, QueueOutcome, QueueState};

/// The text format of Prometheus.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Events that are told about, those that end first: each is a few lines and a call of Redis.
const EVENTS_MAX: usize = 50;
/// How long what was read is given out again: no scraper asks more often.
const FRESH_MS: i64 = 2_000;

thread_local! {
    /// A cache: the last text and when it was made.
    static LAST: RefCell<Option<(Instant, String)>> = const { RefCell::new(None) };
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let now = clock::now();
    let fresh = LAST.with_borrow(|last| {
        last.as_ref().filter(|(at, _)| at.plus_ms(FRESH_MS) > now).map(|(_, text)| text.clone())
    });
    let text = match fresh {
        Some(text) => text,
        None => {
            let text = read(&call).await?;
            LAST.set(Some((now, text.clone())));
            text
        }
    };
    Ok(Reply::text(StatusCode::OK, MEDIA_TYPE, text))
}

/// What the stores say. One that does not answer is told as down; what it knows is left out.
async fn read(call: &Call) -> Result<String, Problem> {
    let stores = stores::open().await?;
    let (events, work, audits, failed_marks, refusals) = join5(
        ledger::active_events(&stores.database),
        ledger::open_work(&stores.database),
        sale::audit_totals(&stores.database),
        scripts::read_failed_marks(&stores.cluster, stores.redis_deadline),
        ledger::provider_refusals(&stores.database),
    )
    .await;
    let told = |what: &str, error: &dyn std::fmt::Display| {
        log::failed_job(what, &call.request_id, &error.to_string());
    };
    let postgres_is_up = work.is_ok();
    let work = work.inspect_err(|error| told("metrics_of_postgres", error)).unwrap_or_default();
    let audits = audits.inspect_err(|error| told("metrics_of_audits", error)).ok();
    let failed_marks = failed_marks
        .inspect_err(|error| told("metrics_of_failed_marks", error))
        .unwrap_or_default();
    let refusals = refusals
        .inspect_err(|error| told("metrics_of_provider_refusals", error))
        .unwrap_or_default();
    let mut events = events.unwrap_or_default();
    events.truncate(EVENTS_MAX);
    let queues = join_all(events.iter().map(|event| queue(&stores, *event))).await;
    let redis_failed = queues.iter().filter_map(|queue| queue.as_ref().err()).next();
    if let Some(error) = redis_failed {
        told("metrics_of_redis", error);
    }
    let redis_is_up = redis_failed.is_none();
    let known: Vec<_> = events
        .into_iter()
        .zip(queues)
        .filter_map(|(event, queue)| Some((event, queue.ok()??)))
        .collect();
    let are_up = [("redis", redis_is_up), ("postgres", postgres_is_up)];
    let mut text = written(&known, &work, audits.as_ref(), are_up);
    write_failed_marks(&mut text, &failed_marks);
    write_refusals(&mut text, &refusals);
    Ok(text)
}

/// The event's counts; `None` when Redis has not opened it: metrics open nothing.
async fn queue(stores: &SpinStores, event: EventId) -> Result<Option<QueueState>, scripts::Error> {
    match scripts::read_queue(&stores.cluster, event, stores.redis_deadline).await? {
        QueueOutcome::Found(state) => Ok(Some(*state)),
        QueueOutcome::EventMissing => Ok(None),
    }
}

fn written(
    events: &[(EventId, QueueState)],
    work: &[OpenWork],
    audits: Option<&AuditTotals>,
    stores: [(&str, bool); 2],
) -> String {
    let mut text = String::new();
    family(&mut text, "boxoffice_store_up", "Whether the store answered.");
    for (store, is_up) in stores {
        sample(&mut text, "boxoffice_store_up", [("store", store)], is_up.into());
    }
    family(&mut text, "boxoffice_event_places", "Places of an event by state.");
    for (event, state) in events {
        let event = event.to_string();
        let held = state.capacity - state.available - state.sold;
        for (name, count) in [("available", state.available), ("held", held), ("sold", state.sold)]
        {
            let labels = [("event_id", event.as_str()), ("state", name)];
            sample(&mut text, "boxoffice_event_places", labels, count);
        }
    }
    family(&mut text, "boxoffice_event_queue", "Users in the line, and let in with a pass.");
    for (event, state) in events {
        let event = event.to_string();
        for (name, count) in [("waiting", state.waiting), ("active", state.active)] {
            let labels = [("event_id", event.as_str()), ("state", name)];
            sample(&mut text, "boxoffice_event_queue", labels, count);
        }
    }
    family(&mut text, "boxoffice_open_work", "Sagas and messages that are not done.");
    for it in work {
        let labels = [("kind", it.kind.as_str()), ("subject", it.subject.as_str())];
        sample(&mut text, "boxoffice_open_work", labels, it.count);
    }
    family(&mut text, "boxoffice_open_work_oldest_seconds", "Age of the oldest of them.");
    for it in work {
        let labels = [("kind", it.kind.as_str()), ("subject", it.subject.as_str())];
        sample(&mut text, "boxoffice_open_work_oldest_seconds", labels, it.oldest_s);
    }
    if let Some(audits) = audits {
        write_audits(&mut text, audits);
    }
    text
}

fn write_audits(text: &mut String, audits: &AuditTotals) {
    family(text, "boxoffice_audits", "Audits of all events so far, and rebuilds of lost ones.");
    for (kind, count) in [("audit", audits.audits), ("rebuild", audits.rebuilds)] {
        sample(text, "boxoffice_audits", [("kind", kind)], count);
    }
    let found = audits.found;
    family(text, "boxoffice_audit_findings", "What audits found and mended so far, by kind.");
    for (kind, count) in [
        ("places", found.places),
        ("counts", found.counts),
        ("buyers", found.buyers),
        ("holds", found.holds),
    ] {
        sample(text, "boxoffice_audit_findings", [("kind", kind)], count);
    }
    family(text, "boxoffice_double_holds", "Pairs of holds of one seat so far; one of each sells.");
    sample(text, "boxoffice_double_holds", [("event", "all")], audits.double_holds);
}

fn write_failed_marks(text: &mut String, failed: &[(MarkKind, i64)]) {
    const NAME: &str = "boxoffice_failed_marks_total";
    let help = "Writes to Redis that failed after Postgres had decided; they are repeated.";
    typed_family(text, NAME, help, "counter");
    for (kind, count) in failed {
        sample(text, NAME, [("kind", kind.as_str())], *count);
    }
}

/// Any of them is a case for the operator: it does not pass by itself.
fn write_refusals(text: &mut String, refusals: &[ProviderRefusals]) {
    const NAME: &str = "boxoffice_provider_refusals_total";
    typed_family(text, NAME, "What the payment provider refuses for good, by cause.", "counter");
    for it in refusals {
        let labels = [("operation", it.operation.as_str()), ("cause", it.cause.as_str())];
        sample(text, NAME, labels, it.total);
    }
}

fn family(text: &mut String, name: &str, help: &str) {
    typed_family(text, name, help, "gauge");
}

fn typed_family(text: &mut String, name: &str, help: &str, kind: &str) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One line. Labels are ids and words of ours, in which nothing has to be escaped.
fn sample<const N: usize>(text: &mut String, name: &str, labels: [(&str, &str); N], value: i64) {
    let labels = labels.map(|(label, value)| format!("{label}=\"{value}\"")).join(",");
    let _ = writeln!(text, "{name}{{{labels}}} {value}");
}
