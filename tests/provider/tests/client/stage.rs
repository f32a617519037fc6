//! One fake provider per test, our client, and a client without manners.

use domain::id::{BookingId, EventId};
use fake_provider::{CallFault, Controls, FakeOptions, FakeProvider, Faults, Ledger};
use native::NativeHttp;
use provider::{CreateIntent, Intent, Provider, ProviderSettings};
use serde_json::Value;

pub(crate) const API_KEY: &str = "sk_test_0123456789";
/// Signs the events.
pub(crate) const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

pub(crate) struct Stage {
    pub(crate) client: Provider<NativeHttp>,
    pub(crate) controls: Controls,
    fake: FakeProvider,
    raw: reqwest::Client,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let options = FakeOptions {
            api_key: API_KEY.to_owned(),
            webhook_secret: SECRET.to_owned(),
            seed: 1,
            ..FakeOptions::default()
        };
        let fake = FakeProvider::start(options).expect("starts");
        let controls = Controls::new(&fake.base_url());
        let client = client(&fake.base_url(), API_KEY);
        Self { client, controls, fake, raw: reqwest::Client::new() }
    }

    pub(crate) fn base_url(&self) -> String {
        self.fake.base_url()
    }

    pub(crate) async fn create(&self) -> Intent {
        self.client.create_intent(&creation(booking())).await.expect("is created")
    }

    /// A payment that the buyer has authorised.
    pub(crate) async fn authorised(&self) -> Intent {
        let intent = self.create().await;
        self.controls.pay(&intent.id).await.expect("pays");
        intent
    }

    pub(crate) async fn faults(&self, calls: Vec<CallFault>) {
        let faults = Faults { calls, ..Faults::default() };
        self.controls.set_faults(&faults).await.expect("are set");
    }

    pub(crate) async fn ledger(&self) -> Ledger {
        self.controls.ledger().await.expect("is read")
    }

    /// One POST as it is: status, whether it is a repetition, body.
    pub(crate) async fn post(&self, path: &str, form: &str, key: &str) -> (u16, bool, Value) {
        let request = self.raw.post(format!("{}{path}", self.base_url())).bearer_auth(API_KEY);
        let request = request.header("idempotency-key", key).body(form.to_owned());
        let answer = request.send().await.expect("an answer");
        let replayed = answer.headers().contains_key("idempotent-replayed");
        (answer.status().as_u16(), replayed, answer.json().await.expect("JSON"))
    }

    /// One GET as it is.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.raw.get(format!("{}{path}", self.base_url())).bearer_auth(API_KEY);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }
}

pub(crate) fn client(base_url: &str, api_key: &str) -> Provider<NativeHttp> {
    let (api_base, api_key) = (base_url.to_owned(), api_key.to_owned());
    Provider::new(NativeHttp::new(), ProviderSettings { api_base, api_key })
}

pub(crate) fn booking() -> BookingId {
    let unique = || uuid::Uuid::new_v4();
    BookingId::new(EventId::from_uuid(unique()), unique())
}

pub(crate) fn creation(booking: BookingId) -> CreateIntent<'static> {
    CreateIntent { booking, amount: 5_000, currency: "EUR", attempt: 0 }
}
