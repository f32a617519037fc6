//! What is told to others: every change, at least once, and nothing that did not happen.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use domain::notification::NotificationKey;
use domain::time::Instant;
use provider::{HttpTransport, Provider, ProviderSettings, TransportError};
use sale::{Sink, WorkerContext, cancel_booking, notify};

use crate::till::Till;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Instant = Instant::from_unix_ms(1_800_000_000_000);

/// A receiver that fails every other time, and notes what it took.
#[derive(Default)]
struct Receiver {
    calls: RefCell<u32>,
    taken: RefCell<Vec<(String, serde_json::Value)>>,
}

impl HttpTransport for Receiver {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let (id, body) = (header("webhook-id"), std::str::from_utf8(request.body()).unwrap());
        assert_eq!(header("webhook-timestamp"), "1800000000");
        let signature = NotificationKey::parse(SECRET).unwrap().sign(&id, NOW, body);
        assert_eq!(header("webhook-signature"), signature);
        assert_eq!(request.uri(), "http://receiver.test/hook");
        self.taken.borrow_mut().push((id, serde_json::from_str(body).unwrap()));
        let call = self.calls.replace_with(|calls| *calls + 1);
        match call % 4 {
            0 => Err(TransportError::TimedOut),
            1 => Ok(response(500)),
            2 => Ok(response(302)),
            _ => Ok(response(204)),
        }
    }
}

fn response(status: u16) -> http::Response<Bytes> {
    http::Response::builder().status(status).body(Bytes::new()).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn each_change_is_told_until_it_is_taken() {
    let till = Till::open().await;
    let (sold, undone) = (till.stage.hold_seat(1, 1).await, till.stage.hold_seat(1, 2).await);
    let held = till.stage.hold_seat(1, 3).await;
    for booking in [sold, undone] {
        till.pay(booking).await;
    }
    till.finish().await;
    cancel_booking(&till.stage.stores, undone, true).await.unwrap();
    till.finish().await;

    let sink = Sink {
        transport: Receiver::default(),
        url: "http://receiver.test/hook".to_owned(),
        key: NotificationKey::parse(SECRET).unwrap(),
    };
    let settings = ProviderSettings { api_base: String::new(), api_key: String::new() };
    let provider = Provider::new(Receiver::default(), settings);
    let random = || 7;
    let jobs = WorkerContext {
        provider: &provider,
        livemode: false,
        sink: Some(&sink),
        mail: sale::Mail::None,
        random,
        now: || NOW,
    };
    let left = "SELECT count(*) FROM boxoffice.outbox WHERE delivered_at IS NULL";
    assert_eq!(till.database().number(left).await, 4);
    for _ in 0..20 {
        till.database().execute("UPDATE boxoffice.outbox SET due_at = now()").await;
        notify(&till.stage.stores, &jobs, &|| true).await;
    }
    assert_eq!(till.database().number(left).await, 0);
    let taken = sink.transport.taken.borrow();
    let ids: BTreeSet<_> = taken.iter().map(|(id, _)| id.clone()).collect();
    let expected = [
        format!("msg_cancelled_{undone}"),
        format!("msg_confirmed_{sold}"),
        format!("msg_confirmed_{undone}"),
        format!("msg_refunded_{undone}"),
    ];
    assert_eq!(ids, expected.into_iter().collect());
    let told = |id: String| taken.iter().find(|(other, _)| *other == id).unwrap().1.clone();
    let confirmed = told(format!("msg_confirmed_{sold}"));
    assert_eq!(confirmed["type"], "booking.confirmed");
    assert_eq!(confirmed["data"]["status"], "confirmed");
    assert_eq!(confirmed["data"]["seats"], serde_json::json!(["A-1-1"]));
    assert_eq!(told(format!("msg_refunded_{undone}"))["data"]["status"], "refunded");
    assert!(!ids.iter().any(|id| id.contains(&held.to_string())));
}
