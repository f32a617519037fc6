//! Letters to buyers: each once, whatever the mail API does, and none where there is nobody to
//! write to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use domain::contact::Contact;
use domain::id::BookingId;
use domain::time::Instant;
use domain::token::SigningKeys;
use provider::{HttpTransport, Provider, ProviderSettings, TransportError};
use sale::{Mail, MailApi, Post, WorkerContext, cancel_booking, send_letters};
use uuid::Uuid;

use crate::till::Till;

/// A mail API that takes a letter once under its key, and often says nothing or something else.
#[derive(Default)]
struct Office {
    calls: RefCell<u32>,
    /// What it took, by key.
    taken: RefCell<BTreeMap<String, serde_json::Value>>,
    /// Answers every call so.
    refuses: RefCell<Option<u16>>,
}

impl HttpTransport for Office {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        assert_eq!(request.uri(), "http://mail.test/emails");
        assert_eq!(request.headers()["authorization"], "Bearer re_key");
        let call = self.calls.replace_with(|calls| *calls + 1);
        if let Some(status) = *self.refuses.borrow() {
            return Ok(response(status));
        }
        if call % 3 == 1 {
            return Ok(response(503));
        }
        let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let before = self.taken.borrow_mut().insert(key.clone(), body.clone());
        // Another letter under the same key would be refused.
        assert!(before.is_none_or(|before| before == body), "{key}");
        // Taken, and nobody learns of it.
        if call.is_multiple_of(3) { Err(TransportError::TimedOut) } else { Ok(response(200)) }
    }
}

fn response(status: u16) -> http::Response<Bytes> {
    http::Response::builder().status(status).body(Bytes::new()).unwrap()
}

/// Runs the job over all letters, due or not, `times` times.
async fn send(till: &Till, office: &Office, times: u32) {
    let api = MailApi::new("http://mail.test", "re_key", "box@example.com", "resend").unwrap();
    let keys = SigningKeys::parse(&format!("k1:{}", "A".repeat(43))).unwrap();
    let post = Post {
        transport: office,
        api,
        public_url: "https://box.test".to_owned(),
        keys: Rc::new(keys),
    };
    run(till, office, &|| Mail::Through(&post), times).await;
}

async fn run<'a>(
    till: &Till,
    office: &'a Office,
    mail: &dyn Fn() -> Mail<'a, &'a Office>,
    times: u32,
) {
    let settings = ProviderSettings { api_base: String::new(), api_key: String::new() };
    let provider = Provider::new(office, settings);
    for _ in 0..times {
        till.database().execute("UPDATE boxoffice.letters SET due_at = now()").await;
        let jobs = WorkerContext {
            provider: &provider,
            livemode: false,
            sink: None,
            mail: mail(),
            random: || 7,
            now: || Instant::from_unix_ms(1_800_000_000_000),
        };
        send_letters(&till.stage.stores, &jobs, &|| true).await;
    }
}

/// Says where the owner of a hold is written to.
async fn reach(till: &Till, booking: BookingId, email: &str) {
    sale::drain_journal(&till.stage.stores, till.stage.event).await.unwrap();
    let owner = till.stage.booking(booking).await.user_id;
    let contact = Contact { email: Some(email.to_owned()), ..Contact::default() };
    assert!(ledger::set_contact(till.database(), booking, owner, &contact).await.unwrap());
}

async fn count(till: &Till, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM boxoffice.letters WHERE {condition}");
    till.database().number(&sql).await
}

const WAITING: &str = "done_at IS NULL AND dead_at IS NULL";

#[tokio::test(flavor = "current_thread")]
async fn each_letter_is_taken_once_whatever_the_mail_api_answers() {
    let till = Till::open().await;
    let (sold, undone) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    let silent = till.stage.hold_seat(1, 3).await;
    reach(&till, sold, "sold@example.com").await;
    reach(&till, undone, "undone@example.com").await;
    for booking in [sold, undone, silent] {
        till.pay(booking).await;
    }
    till.finish().await;
    cancel_booking(&till.stage.stores, undone, true).await.unwrap();
    till.finish().await;
    // Who did not say where is not written to.
    assert_eq!(count(&till, WAITING).await, 4);

    let office = Office::default();
    send(&till, &office, 12).await;
    assert_eq!(count(&till, WAITING).await, 0);
    let taken = office.taken.borrow().clone();
    let expected = [
        format!("letter_cancelled_{undone}"),
        format!("letter_confirmed_{sold}"),
        format!("letter_confirmed_{undone}"),
        format!("letter_refunded_{undone}"),
    ];
    assert_eq!(taken.keys().cloned().collect::<Vec<_>>(), expected);
    let tickets = &taken[&format!("letter_confirmed_{sold}")];
    assert_eq!(tickets["to"], serde_json::json!(["sold@example.com"]));
    let text = tickets["text"].as_str().unwrap();
    assert!(text.contains("A-1-1") && text.contains("https://box.test/bookings?key="), "{text}");
    // What is done is done.
    let calls = *office.calls.borrow();
    send(&till, &office, 2).await;
    assert_eq!(*office.calls.borrow(), calls);
}

#[tokio::test(flavor = "current_thread")]
async fn a_lookup_writes_to_mailboxes_with_bookings_alone_and_forgets_them() {
    let till = Till::open().await;
    let (one, other) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    reach(&till, one, "Fan@example.com").await;
    reach(&till, other, "fan@example.com").await;
    for booking in [one, other] {
        till.stage.confirm(booking).await;
    }
    let office = Office::default();
    send(&till, &office, 12).await;
    office.taken.borrow_mut().clear();

    let database = till.database();
    for email in ["FAN@example.com", "nobody@example.com"] {
        let id = Uuid::now_v7();
        ledger::request_lookup(database, id, email, Some("de")).await.unwrap();
        ledger::request_lookup(database, id, email, Some("de")).await.unwrap();
    }
    assert_eq!(count(&till, WAITING).await, 2);
    send(&till, &office, 12).await;
    assert_eq!(count(&till, WAITING).await, 0);
    assert_eq!(count(&till, "email IS NOT NULL").await, 0);
    let taken = office.taken.borrow();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let letter = taken.values().next().unwrap();
    assert_eq!(letter["to"], serde_json::json!(["FAN@example.com"]));
    assert_eq!(letter["subject"], "Ihre Buchungen");
    // Two guests, of whom a browser can be one.
    assert_eq!(letter["text"].as_str().unwrap().matches("/bookings?key=").count(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_refused_or_too_old_is_dead_and_what_nobody_sends_is_forgotten() {
    let till = Till::open().await;
    let office = Office::default();
    let ask = async || {
        let id = Uuid::now_v7();
        ledger::request_lookup(till.database(), id, "fan@example.com", None).await.unwrap();
    };
    let booking = till.stage.hold_seat(1, 1).await;
    reach(&till, booking, "fan@example.com").await;

    // A wrong key can be mended, a wrong letter cannot.
    ask().await;
    *office.refuses.borrow_mut() = Some(401);
    send(&till, &office, 3).await;
    assert_eq!((count(&till, WAITING).await, count(&till, "attempts = 3").await), (1, 1));
    *office.refuses.borrow_mut() = Some(422);
    send(&till, &office, 2).await;
    assert_eq!((count(&till, WAITING).await, count(&till, "attempts = 4").await), (0, 1));
    assert_eq!(count(&till, "dead_at IS NOT NULL AND email IS NULL").await, 1);

    ask().await;
    let sql = "UPDATE boxoffice.letters SET created_at = now() - interval '4 days'";
    till.database().execute(sql).await;
    let calls = *office.calls.borrow();
    send(&till, &office, 1).await;
    assert_eq!(*office.calls.borrow(), calls);
    assert_eq!(count(&till, "dead_at IS NOT NULL").await, 2);

    ask().await;
    run(&till, &office, &|| Mail::Broken, 1).await;
    assert_eq!(count(&till, WAITING).await, 1);
    run(&till, &office, &|| Mail::None, 1).await;
    assert_eq!((count(&till, WAITING).await, count(&till, "true").await), (0, 2));
}
