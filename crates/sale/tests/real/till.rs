//! An event, a payment provider, and short ways to say who pays what.

use cluster::Transport;
use domain::id::BookingId;
use domain::payment::{Decision, ProviderState};
use domain::stripe::ProviderEvent;
use domain::time::Instant;
use fake_provider::{Controls, FakeOptions, FakeProvider, LedgerIntent};
use ledger::{Database, EventEffect, RecordPayment, RecordPaymentOutcome, StoredPayment};
use native::{NativeDatabase, NativeHttp};
use provider::{CreateIntent, HttpTransport, Provider, ProviderSettings};
use sale::{Settled, Stores, TickReport, WorkerContext, run_sagas, settle_payment, tick};
use serde_json::json;
use uuid::Uuid;

use crate::stage::{SECTIONS, Stage};

const API_KEY: &str = "sk_test_a_key_of_some_length_0123456789";
/// Runs that bring every saga to its end, when nothing is in the way.
const RUNS: usize = 4;

/// A stage with a provider of its own, whose webhooks all get lost: tests deliver what they want.
pub(crate) struct Till {
    pub(crate) stage: Stage,
    pub(crate) controls: Controls,
    pub(crate) provider: Provider<NativeHttp>,
    fake: FakeProvider,
}

impl Till {
    pub(crate) async fn open() -> Self {
        Self::open_with(SECTIONS).await
    }

    pub(crate) async fn open_with(sections: &str) -> Self {
        let options = FakeOptions {
            port: None,
            webhook_url: String::new(),
            webhook_secret: String::new(),
            api_key: API_KEY.to_owned(),
            seed: 1,
        };
        let fake = FakeProvider::start(options).unwrap();
        let settings = ProviderSettings { api_base: fake.base_url(), api_key: API_KEY.to_owned() };
        Self {
            stage: Stage::open_alone(sections, false).await,
            controls: Controls::new(&fake.base_url()),
            provider: Provider::new(NativeHttp::new(), settings),
            fake,
        }
    }

    /// The same till for another event.
    pub(crate) async fn for_another_event(self) -> Self {
        let stage = self.stage.open_beside().await;
        Self { stage, ..self }
    }

    /// The provider, reached some other way.
    pub(crate) fn provider_over<H: HttpTransport>(&self, transport: H) -> Provider<H> {
        let api_base = self.fake.base_url();
        Provider::new(transport, ProviderSettings { api_base, api_key: API_KEY.to_owned() })
    }

    /// Begins a payment, as its buyer does.
    pub(crate) async fn begin(&self, booking: BookingId) -> String {
        let (payment, outcome) = self.try_begin(booking, 0).await;
        assert_eq!(outcome, RecordPaymentOutcome::Recorded);
        payment
    }

    /// Begins the payment of another tab.
    pub(crate) async fn try_begin(
        &self,
        booking: BookingId,
        attempt: u32,
    ) -> (String, RecordPaymentOutcome) {
        let found = self.stage.booking(booking).await;
        let create =
            CreateIntent { booking, amount: found.amount, currency: &found.currency, attempt };
        let intent = self.provider.create_intent(&create).await.unwrap();
        let request = RecordPayment {
            booking: &found,
            payment: &intent.id,
            amount: intent.amount,
            currency: &intent.currency,
            livemode: intent.livemode,
        };
        let outcome = ledger::record_payment(self.database(), &request).await.unwrap();
        (intent.id, outcome)
    }

    /// Begins and pays.
    pub(crate) async fn pay(&self, booking: BookingId) -> String {
        let payment = self.begin(booking).await;
        self.controls.pay(&payment).await.unwrap();
        payment
    }

    /// Delivers an event of this kind about a payment, as the provider has it now.
    pub(crate) async fn tell(&self, kind: &str, payment: &str) -> Settled {
        let payload = self.event(kind, payment).await;
        deliver(&self.stage, &payload).await
    }

    /// The body of such an event.
    pub(crate) async fn event(&self, kind: &str, payment: &str) -> String {
        let intent = self.intent(payment).await;
        let mut object = json!({
            "id": payment, "amount": intent.amount, "amount_capturable": intent.authorised,
            "amount_received": intent.captured, "currency": intent.currency.to_lowercase(),
            "metadata": {"booking_id": intent.booking_id},
        });
        if kind == "charge.refunded" {
            object["id"] = json!("ch_1");
            object["payment_intent"] = json!(payment);
            object["amount_refunded"] = json!(intent.refunded);
            object["captured"] = json!(intent.captured > 0);
        }
        json!({
            "id": format!("evt_{}", Uuid::now_v7().simple()), "type": kind,
            "livemode": intent.livemode, "data": {"object": object},
        })
        .to_string()
    }

    pub(crate) async fn intent(&self, payment: &str) -> LedgerIntent {
        self.controls.ledger().await.unwrap().intent(payment).unwrap().clone()
    }

    /// One run over all sagas, whether they are due or not.
    pub(crate) async fn work(&self) -> TickReport {
        self.hurry().await;
        self.run(&self.stage).await
    }

    /// Runs until nothing is left to do but to wait for buyers.
    pub(crate) async fn finish(&self) {
        for _ in 0..RUNS {
            self.work().await;
        }
    }

    pub(crate) async fn run(&self, stage: &Stage) -> TickReport {
        run_sagas(&stage.stores, &self.jobs(), &|| true).await
    }

    pub(crate) fn jobs(&self) -> WorkerContext<'_, NativeHttp> {
        let now = || Instant::from_unix_ms(1_800_000_000_000);
        let (provider, mail) = (&self.provider, sale::Mail::None);
        WorkerContext { provider, livemode: false, sink: None, mail, random: || 7, now }
    }

    /// One tick that asks for missed events, whether it is time or not.
    pub(crate) async fn look(&self) -> TickReport {
        let sql = "UPDATE boxoffice.event_lists SET due_at = '-infinity'";
        self.database().execute(sql).await;
        self.tick(&self.stage).await
    }

    pub(crate) async fn tick(&self, stage: &Stage) -> TickReport {
        tick(&stage.stores, &self.jobs(), || true).await
    }

    /// Makes every saga due.
    pub(crate) async fn hurry(&self) {
        self.database().execute("UPDATE boxoffice.sagas SET due_at = now()").await;
    }

    pub(crate) async fn payment(&self, payment: &str) -> StoredPayment {
        ledger::find_payment(self.database(), payment).await.unwrap().unwrap()
    }

    /// `(what the provider says, what we decided)` of a payment.
    pub(crate) async fn state(&self, payment: &str) -> (ProviderState, Option<Decision>) {
        let payment = self.payment(payment).await;
        (payment.provider_state, payment.decision)
    }

    /// `step status` of a payment's saga.
    pub(crate) async fn saga(&self, payment: &str) -> String {
        let sql = format!(
            "SELECT step || ' ' || status FROM boxoffice.sagas WHERE id = 'payment:{payment}'"
        );
        self.database().texts(&sql).await.remove(0)
    }

    pub(crate) fn database(&self) -> &NativeDatabase {
        &self.stage.stores.database
    }

    /// Money and seats agree: what the provider has taken and not given back is the price of the
    /// bookings that are confirmed by a payment, for each payment and for each currency; nothing
    /// is left authorised, taken twice or given back twice; and the shares of parts, what went back
    /// with the whole and what is kept are together what was asked for.
    pub(crate) async fn balance(&self) {
        let ledger = self.controls.ledger().await.unwrap();
        assert_eq!((ledger.posts_without_key, ledger.unauthenticated), (0, 0));
        for intent in &ledger.intents {
            let kept = format!(
                "SELECT coalesce(sum(b.amount), 0)::bigint FROM boxoffice.bookings AS b
                 WHERE b.state = 'confirmed' AND b.payment_id = '{}'",
                intent.id
            );
            let price = self.database().number(&kept).await;
            assert_eq!(intent.captured - intent.refunded, price, "{intent:?}");
            assert_eq!(intent.authorised, 0, "{intent:?}");
            let parts = u32::try_from(intent.parts.len()).unwrap();
            assert!(intent.captures <= 1 && intent.refunds <= 1 + parts, "{intent:?}");
        }
        for (currency, total) in &ledger.totals {
            let confirmed = format!(
                "SELECT coalesce(sum(amount), 0)::bigint FROM boxoffice.bookings
                 WHERE state = 'confirmed' AND payment_id IS NOT NULL AND currency = '{currency}'"
            );
            let confirmed = self.database().number(&confirmed).await;
            assert_eq!(total.captured, confirmed + total.refunded, "{currency}");
        }
        let lost_shares = "SELECT count(*) FROM boxoffice.payments AS p
            JOIN boxoffice.bookings AS b ON b.payment_id = p.id
            WHERE p.amount <> b.amount
                + (SELECT coalesce(sum(g.amount), 0) FROM boxoffice.given_up_parts AS g
                    WHERE g.booking_id = b.id)";
        assert_eq!(self.database().number(lost_shares).await, 0);
        let contradictions = "SELECT count(*) FROM boxoffice.bookings AS b
            WHERE CASE b.state WHEN 'confirmed' THEN b.quantity ELSE 0 END
                <> (SELECT count(*) FROM boxoffice.tickets AS t WHERE t.booking_id = b.id)";
        assert_eq!(self.database().number(contradictions).await, 0);
        let (_, _, sold) = self.stage.counts().await;
        assert_eq!(sold, self.stage.tickets().await, "sold in Redis and in Postgres");
    }
}

/// What the webhook does: record, then settle.
pub(crate) async fn deliver(stage: &Stage, payload: &str) -> Settled {
    deliver_to(&stage.stores, payload).await
}

/// The same, in an instance with these stores.
pub(crate) async fn deliver_to<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    payload: &str,
) -> Settled {
    match record_in(&stores.database, payload, false).await {
        EventEffect::Applied(payment) => settle_payment(stores, &payment).await.unwrap(),
        _ => Settled::Unchanged,
    }
}

pub(crate) async fn record(stage: &Stage, payload: &str, our_mode: bool) -> EventEffect {
    record_in(&stage.stores.database, payload, our_mode).await
}

async fn record_in<D: Database>(database: &D, payload: &str, our_mode: bool) -> EventEffect {
    let event: ProviderEvent = serde_json::from_str(payload).unwrap();
    sale::record_event(database, &event, payload, our_mode).await.unwrap()
}
