//! Sends notifications of what happened to bookings: each at least once, under one stable id.

use std::time::Duration;

use bytes::Bytes;
use cluster::Transport;
use futures_util::{StreamExt, stream};
use http::{Method, Request, header};
use ledger::{Database, DueMessage};
use provider::HttpTransport;

use crate::Stores;
use crate::worker::context::{BACKOFF, Sink, WorkerContext};
use crate::worker::report::{Job, TickReport};

/// Messages on their way at a time, and taken at a time.
const MESSAGES_AT_A_TIME: usize = 16;
/// How long a receiver may take: it should take the message and think later.
const DELIVERY_DEADLINE: Duration = Duration::from_millis(2_500);

/// Delivers messages that are due as long as `in_time` says so. Without a sink they wait.
pub async fn notify<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    let Some(sink) = context.sink else { return report };
    while in_time() {
        let limit = u32::try_from(MESSAGES_AT_A_TIME).unwrap_or(u32::MAX);
        let due = ledger::claim_due_messages(&stores.database, limit).await;
        let due = report.note(Job::ClaimDueMessages, "all", due.map_err(Into::into));
        let due = due.unwrap_or_default();
        let is_last = due.len() < MESSAGES_AT_A_TIME;
        let mut deliveries = stream::iter(due)
            .map(async |message| deliver(stores, context, sink, &message).await)
            .buffer_unordered(MESSAGES_AT_A_TIME);
        while let Some(of_message) = deliveries.next().await {
            report.add(of_message);
        }
        drop(deliveries);
        if is_last {
            break;
        }
    }
    report
}

async fn deliver<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    sink: &Sink<H>,
    message: &DueMessage,
) -> TickReport {
    let mut report = TickReport::default();
    let noted = match send(context, sink, message).await {
        Ok(()) => ledger::note_delivered(&stores.database, &message.id).await,
        Err(cause) => {
            report.failure(Job::Notify, &message.id, &cause);
            let rest_ms = BACKOFF.wait_ms(message.attempts, (context.random)());
            ledger::note_undelivered(&stores.database, &message.id, &cause, rest_ms).await
        }
    };
    report.note(Job::NoteMessage, &message.id, noted.map_err(Into::into));
    report
}

async fn send<H: HttpTransport>(
    context: &WorkerContext<'_, H>,
    sink: &Sink<H>,
    message: &DueMessage,
) -> Result<(), String> {
    let now = (context.now)();
    let request = Request::builder()
        .method(Method::POST)
        .uri(&sink.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now.unix_s())
        .header("webhook-signature", sink.key.sign(&message.id, now, &message.payload))
        .body(Bytes::from(message.payload.clone()))
        .map_err(|_| "the address of the receiver cannot be used".to_owned())?;
    let answer =
        sink.transport.send(request, DELIVERY_DEADLINE).await.map_err(|error| error.to_string())?;
    // Also a redirect: nobody has said that another address may know.
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("the receiver answered {}", answer.status().as_u16()))
    }
}
