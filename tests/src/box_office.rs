//! The system under test, and the way to its counter.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::Error;
use fake_provider::{Controls, FakeOptions, FakeProvider};
use reqwest::Method;
use serde_json::{Value, json};
use stack::{Application, Durability, Runtime, System, SystemOptions};

use crate::answer::Answer;
use crate::buyer::Buyer;
use crate::contract;
use crate::inside::Inside;
use crate::organiser::Organiser;
use crate::raw::raw_exchange;
use crate::request::Request;
use crate::wait::eventually;

/// Starts a system: a Redis Cluster, a Postgres and the application, gone with this program. It has
/// no payment provider.
pub fn start_system() -> System {
    let start = || start(&stack::temporary_folder()?, None, Vec::new());
    start().unwrap_or_else(|error| panic!("the system does not start: {error:#}"))
}

/// A system with a payment provider of its own.
pub struct PaidSystem {
    system: System,
    provider: FakeProvider,
}

/// Starts a system as [`start_system`] does, with a payment provider.
pub fn start_paid_system() -> PaidSystem {
    let begin = || {
        let folder = stack::temporary_folder()?;
        let secrets = stack::Secrets::load_or_create(&folder.join("secrets"))?;
        let port = stack::free_port()?;
        let provider = FakeProvider::start(FakeOptions {
            webhook_url: format!("http://127.0.0.1:{port}/webhooks/stripe"),
            webhook_secret: secrets.stripe_webhook_secret,
            api_key: secrets.provider_key.clone(),
            seed: 1,
            ..FakeOptions::default()
        })?;
        let variables = [
            ("stripe_api_base", provider.base_url()),
            ("stripe_allowed_host", provider.base_url()),
            ("stripe_api_key", secrets.provider_key.clone()),
            ("mail_api_base", format!("{}/mail", provider.base_url())),
            ("mail_allowed_host", provider.base_url()),
            ("mail_api_key", secrets.provider_key),
            ("mail_from", "Boxoffice <tickets@boxoffice.example>".to_owned()),
            ("public_url", format!("http://127.0.0.1:{port}")),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        Ok(PaidSystem { system: start(&folder, Some(port), variables)?, provider })
    };
    begin().unwrap_or_else(|error: Error| panic!("the system does not start: {error:#}"))
}

fn start(
    folder: &Path,
    port: Option<u16>,
    variables: Vec<(String, String)>,
) -> Result<System, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let options = SystemOptions::new(&root, Runtime::host()?);
    let durability = Durability::Process;
    System::start(folder, SystemOptions { port, variables, durability, ..options })
}

/// From now on every reply is held to the description that this system serves.
fn learn_contract(system: &System) {
    if contract::known().is_some() {
        return;
    }
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw_exchange(&system.base_url, request);
    let (_, document) = answer.text.split_once("\r\n\r\n").expect("a head and a body");
    contract::learn(serde_json::from_str(document).expect("/openapi.json is JSON"));
}

/// A running system as its users see it.
#[derive(Clone)]
pub struct BoxOffice {
    system: &'static System,
    provider: Option<&'static FakeProvider>,
    /// Where the application is reached, and where it writes.
    base_url: &'static str,
    log: &'static Path,
    http: reqwest::Client,
}

impl BoxOffice {
    /// The system that the tests of a run share. It has a payment provider.
    pub fn open() -> Self {
        static SYSTEM: OnceLock<PaidSystem> = OnceLock::new();
        let PaidSystem { system, provider } = SYSTEM.get_or_init(start_paid_system);
        Self { provider: Some(provider), ..Self::of(system) }
    }

    /// A system of one's own. Connections belong to the calling test: each has its own runtime.
    pub fn of(system: &'static System) -> Self {
        let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true);
        let http = http.redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("an HTTP client");
        learn_contract(system);
        let (base_url, log) = (&system.base_url, system.application_log());
        Self { system, provider: None, base_url, log, http }
    }

    /// The payment provider and its customers.
    pub fn provider(&self) -> Controls {
        Controls::new(&self.provider_url())
    }

    /// Where the payment provider is.
    pub fn provider_url(&self) -> String {
        self.provider.expect("a system with a payment provider").base_url()
    }

    /// The same office for another test: connections belong to the calling one.
    pub fn at(other: &Self) -> Self {
        Self { http: Self::of(other.system).http, ..other.clone() }
    }

    /// A second application on the same stores, with other values for some variables. It stays
    /// until the tests end.
    pub fn beside(&self, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: Vec<_> = variables.iter().map(owned).collect();
        let port = stack::free_port().expect("a free port");
        let application = self.system.second_application(port, &variables);
        let application = application.unwrap_or_else(|error| panic!("does not start: {error:#}"));
        let application: &'static Application = Box::leak(Box::new(application));
        let base_url: &'static str = Box::leak(format!("http://127.0.0.1:{port}").into_boxed_str());
        Self { base_url, log: application.log(), ..self.clone() }
    }

    /// Where the application writes.
    pub fn log(&self) -> &'static Path {
        self.log
    }

    /// `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> &'static str {
        self.base_url
    }

    /// The system itself.
    pub fn system(&self) -> &'static System {
        self.system
    }

    /// What is behind the counter: Redis and Postgres.
    pub fn inside(&self) -> Inside {
        Inside::new(self.system)
    }

    /// The organiser of every event.
    pub fn organiser(&self) -> Organiser {
        Organiser::new(self.clone(), &self.system.secrets.organiser_key)
    }

    /// A request for `path`, which begins with `/`.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(&self.http, method, self.base_url, path, self.log)
    }

    /// GET without credentials.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// A new guest.
    pub async fn buyer(&self) -> Buyer {
        let guest = self.request(Method::POST, "/api/v1/auth/guest").send().await.expect(201);
        let text = |member: &str| guest[member].as_str().expect("a text").to_owned();
        Buyer::new(self.clone(), text("token"), text("user_id"))
    }

    /// A new event: a seated section `A` of 4 rows of 10 at 50.00, a standing section `FLOOR` of 20
    /// at 35.00, on sale now, without a queue; changed by `change` (RFC 7396). Returns its id.
    pub async fn event(&self, change: Value) -> String {
        let created = self.organiser().create_event(change).await.expect(201);
        created["id"].as_str().expect("an id").to_owned()
    }

    /// Runs the worker's jobs once, as a scheduler without cron does. When the stores of a busy
    /// machine are too slow for it, again: the jobs are safe to repeat.
    pub async fn tick(&self) -> Value {
        eventually("the jobs are run", async || {
            let request = self.request(Method::POST, "/internal/tick");
            let answer = request.bearer(&self.system.secrets.worker_key).send().await;
            (answer.status != 503).then(|| answer.expect(200))
        })
        .await
    }

    /// The event's counts.
    pub async fn availability(&self, event: &str) -> Value {
        self.get(&format!("/api/v1/events/{event}/availability")).await.expect(200)
    }

    /// Available, held and sold places of the event. Checks that they add up.
    pub async fn counts(&self, event: &str) -> [i64; 3] {
        let availability = self.availability(event).await;
        let [available, held, sold] =
            ["available", "held", "sold"].map(|name| availability[name].as_i64().expect("a count"));
        assert_eq!(availability["capacity"], available + held + sold, "{availability}");
        [available, held, sold]
    }

    /// The map of section A.
    pub async fn map(&self, event: &str) -> String {
        let seats = self.get(&format!("/api/v1/events/{event}/seats?section=A")).await.expect(200);
        seats["map"].as_str().expect("a map").to_owned()
    }
}

/// The body of an event, changed by `change` (RFC 7396).
pub(crate) fn event_body(change: &Value) -> Value {
    let body = json!({
        "name": "Opening night",
        "description": "",
        "venue": "Arena",
        "starts_at": "2037-06-01T19:00:00Z",
        "ends_at": "2037-06-01T22:00:00Z",
        "currency": "EUR",
        "sections": [
            { "name": "A", "kind": "seated", "rows": 4, "seats_per_row": 10, "price": 5000 },
            { "name": "FLOOR", "kind": "standing", "capacity": 20, "price": 3500 },
        ],
        "sale": { "queue": { "enabled": false } },
    });
    merged(body, change)
}

/// `target` with the members of `change` in place of its own; null removes one (RFC 7396).
pub fn merged(mut target: Value, change: &Value) -> Value {
    let Some(members) = change.as_object() else { return change.clone() };
    if !target.is_object() {
        target = json!({});
    }
    let object = target.as_object_mut().expect("an object");
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            let before = object.remove(name).unwrap_or(Value::Null);
            object.insert(name.clone(), merged(before, value));
        }
    }
    target
}
