//! Events of the payment provider: kept once, and what they say is in the same statement.

use domain::booking::Booking;
use domain::id::BookingId;
use domain::payment::{Decision, PaymentNews, PaymentStep, ProviderState, next_step};
use ledger::{
    EventEffect, RecordProviderEvent, RecordedEvent, find_payment, raise_payment,
    record_provider_event,
};
use uuid::Uuid;

use crate::support::{Connection, TestDatabase, confirm, fresh, new_event, new_event_id, seats};

/// What an event says of the payment `pi_1` of a booking.
pub(crate) fn news(facts: &Booking, state: ProviderState) -> PaymentNews {
    PaymentNews {
        payment: "pi_1".to_owned(),
        booking: Some(facts.booking_id.to_string()),
        state,
        amount: facts.amount,
        currency: facts.currency.clone(),
        whole: true,
        amount_refunded: if state == ProviderState::Refunded { facts.amount } else { 0 },
    }
}

/// Delivers news in an event of its own.
pub(crate) async fn tell(database: &Connection, news: &PaymentNews) -> EventEffect {
    let id = format!("evt_{}", Uuid::now_v7().simple());
    deliver(database, &id, news).await.outcome
}

/// Has the payment begun here, with what the news says, unless it is.
async fn begin(database: &Connection, news: &PaymentNews) {
    let booking: Option<BookingId> = news.booking.as_deref().and_then(|id| id.parse().ok());
    let Some(booking) = booking else { return };
    let sql = format!(
        "INSERT INTO boxoffice.payments (id, booking_id, event_id, amount, currency, livemode)
         SELECT '{}', '{booking}', e.id, {}, '{}', false
         FROM boxoffice.events AS e WHERE e.id = '{}' ON CONFLICT (id) DO NOTHING",
        news.payment,
        news.amount,
        news.currency,
        booking.event()
    );
    database.execute(&sql).await;
}

async fn deliver(database: &Connection, id: &str, news: &PaymentNews) -> RecordedEvent {
    begin(database, news).await;
    deliver_of_others(database, id, news).await
}

/// Delivers news of a payment that was begun elsewhere, unless [`begin`] was called.
async fn deliver_of_others(database: &Connection, id: &str, news: &PaymentNews) -> RecordedEvent {
    let request = RecordProviderEvent {
        id,
        kind: "payment_intent.succeeded",
        livemode: false,
        expected_livemode: false,
        payload: "{\"escape\": \"\\u0000\"}",
        news: Some(news),
        told_every_ms: 60_000,
    };
    record_provider_event(database, &request).await.unwrap()
}

/// `(step, status)` of the saga of `pi_1`.
pub(crate) async fn saga(database: &Connection) -> Vec<String> {
    let sql = "SELECT step || ' ' || status FROM boxoffice.sagas WHERE id = 'payment:pi_1'";
    database.texts(sql).await
}

#[tokio::test]
async fn an_event_makes_the_payment_and_its_saga_and_is_kept_once() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    let authorised = news(&facts, ProviderState::Authorised);
    for fresh in [true, false, false] {
        let recorded = deliver(&database, "evt_1", &authorised).await;
        let EventEffect::Applied(payment) = recorded.outcome else { panic!("{recorded:?}") };
        assert_eq!(recorded.fresh, fresh);
        assert_eq!((payment.id.as_str(), payment.booking_id), ("pi_1", Some(facts.booking_id)));
        assert_eq!((payment.amount, payment.currency.as_str()), (5000, "EUR"));
        assert_eq!((payment.provider_state, payment.step()), {
            (ProviderState::Authorised, PaymentStep::Settle)
        });
        // Nobody has drained the journal: the booking is not known yet.
        assert_eq!((payment.booking_state, payment.booking_is_over), (None, false));
        assert_eq!((payment.decision, payment.contradicted), (None, false));
    }
    assert_eq!(saga(&database).await, ["settle running"]);
    let outcome = "SELECT outcome || ' ' || payment_id FROM boxoffice.provider_events";
    assert_eq!(database.texts(outcome).await, ["applied pi_1"]);
}

#[tokio::test]
async fn what_is_not_ours_is_kept_without_an_effect() {
    let database = fresh().await;
    let ours = seats(new_event(&database).await, &["A-1-1"]);
    let stranger = seats(new_event_id(), &["A-1-1"]);
    let captured = news(&ours, ProviderState::Captured);
    let event = RecordProviderEvent {
        id: "evt_mode",
        kind: "payment_intent.succeeded",
        livemode: true,
        expected_livemode: false,
        payload: "{}",
        news: Some(&captured),
        told_every_ms: 60_000,
    };
    let other_mode = record_provider_event(&database, &event).await.unwrap();
    assert_eq!(other_mode.outcome, EventEffect::OtherMode);
    let about_nothing = RecordProviderEvent { id: "evt_none", news: None, ..event };
    let ignored = record_provider_event(&database, &about_nothing).await.unwrap();
    assert_eq!(ignored.outcome, EventEffect::Ignored);
    for unknown in [
        news(&stranger, ProviderState::Captured),
        PaymentNews { booking: Some("order-7".to_owned()), ..captured.clone() },
        PaymentNews { booking: None, ..captured.clone() },
    ] {
        assert_eq!(tell(&database, &unknown).await, EventEffect::UnknownBooking);
    }
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.payments").await, 0);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.sagas").await, 0);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.provider_events").await, 5);
}

#[tokio::test]
async fn an_authorisation_that_was_not_begun_here_is_nobodys_to_take() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    let authorised = news(&facts, ProviderState::Authorised);
    for (event, is_news) in [("evt_1", true), ("evt_1", false), ("evt_2", false)] {
        let recorded = deliver_of_others(&database, event, &authorised).await;
        assert_eq!(recorded.outcome, EventEffect::ForeignPayment { is_news }, "{event}");
    }
    for state in [ProviderState::Failed, ProviderState::Canceled] {
        let id = format!("evt_{state:?}");
        let recorded = deliver_of_others(&database, &id, &news(&facts, state)).await;
        assert_eq!(recorded.outcome, EventEffect::UnknownBooking, "{state:?}");
    }
    assert_eq!(raise_payment(&database, &authorised, false).await.unwrap(), None);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.payments").await, 0);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.sagas").await, 0);
    let outcomes = "SELECT outcome FROM boxoffice.provider_events WHERE id LIKE 'evt\\__'";
    assert_eq!(database.texts(outcomes).await, ["foreign_payment"; 2]);
    // Money that was taken is with us, whoever began it.
    let captured = news(&facts, ProviderState::Captured);
    let recorded = deliver_of_others(&database, "evt_taken", &captured).await;
    assert!(matches!(recorded.outcome, EventEffect::Applied(_)), "{recorded:?}");
}

#[tokio::test]
async fn a_payment_belongs_to_one_booking_for_ever() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (first, second) = (seats(event, &["A-1-1"]), seats(event, &["A-1-2"]));
    tell(&database, &news(&first, ProviderState::Failed)).await;
    let other = news(&second, ProviderState::Captured);
    assert_eq!(tell(&database, &other).await, EventEffect::OtherBooking);
    let payment = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!((payment.booking_id, payment.provider_state), {
        (Some(first.booking_id), ProviderState::Failed)
    });
}

#[tokio::test]
async fn an_amount_or_currency_that_changes_contradicts() {
    for change in 0..3 {
        let database = fresh().await;
        let facts = seats(new_event(&database).await, &["A-1-1"]);
        tell(&database, &news(&facts, ProviderState::Failed)).await;
        let right = news(&facts, ProviderState::Authorised);
        let wrong = match change {
            0 => PaymentNews { amount: 4999, ..right.clone() },
            1 => PaymentNews { currency: "USD".to_owned(), ..right.clone() },
            _ => PaymentNews { whole: false, ..right.clone() },
        };
        tell(&database, &right).await;
        assert!(!find_payment(&database, "pi_1").await.unwrap().unwrap().contradicted);
        for news in [&wrong, &right] {
            tell(&database, news).await;
            assert!(find_payment(&database, "pi_1").await.unwrap().unwrap().contradicted);
        }
    }
}

/// The same events in every order: each time the payment ends in the same row.
#[tokio::test]
async fn all_orders_of_events_end_in_the_same_payment() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let states = [
        ProviderState::Failed,
        ProviderState::Authorised,
        ProviderState::Captured,
        ProviderState::Refunded,
    ];
    for order in permutations(states.len()) {
        let facts = seats(event, &["A-1-1"]);
        let payment = format!("pi_{}", Uuid::now_v7().simple());
        for index in order {
            let news = PaymentNews { payment: payment.clone(), ..news(&facts, states[index]) };
            tell(&database, &news).await;
        }
        let ended = find_payment(&database, &payment).await.unwrap().unwrap();
        assert_eq!((ended.provider_state, ended.amount_refunded, ended.contradicted), {
            (ProviderState::Refunded, 5000, false)
        });
        assert_eq!(ended.step(), PaymentStep::Settle);
    }
}

/// A refund names the payment only. Whether it comes before or after the payment is named, the same
/// is known.
#[tokio::test]
async fn a_refund_that_names_no_booking_waits_for_its_payment() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    let refund = PaymentNews { booking: None, ..news(&facts, ProviderState::Refunded) };
    let EventEffect::Applied(nameless) = tell(&database, &refund).await else { panic!() };
    assert_eq!((nameless.booking_id, nameless.saga_revision), (None, None));
    tell(&database, &news(&facts, ProviderState::Captured)).await;
    let named = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!((named.booking_id, named.provider_state), {
        (Some(facts.booking_id), ProviderState::Refunded)
    });
    assert_eq!(saga(&database).await, ["settle running"]);
}

#[tokio::test]
async fn a_partial_refund_is_noted_only() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    let captured = news(&facts, ProviderState::Captured);
    for (amount_refunded, noted) in [(1000, 1000), (500, 1000), (9000, 5000)] {
        tell(&database, &PaymentNews { amount_refunded, ..captured.clone() }).await;
        let payment = find_payment(&database, "pi_1").await.unwrap().unwrap();
        assert_eq!((payment.amount_refunded, payment.provider_state), {
            (noted, ProviderState::Captured)
        });
    }
}

#[tokio::test]
async fn asking_and_being_told_have_the_same_effect() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    let captured = news(&facts, ProviderState::Captured);
    let raised = raise_payment(&database, &captured, false).await.unwrap();
    assert_eq!(raised, find_payment(&database, "pi_1").await.unwrap());
    assert_eq!(saga(&database).await, ["settle running"]);
    let older = news(&facts, ProviderState::Created);
    let same = raise_payment(&database, &older, false).await.unwrap().unwrap();
    assert_eq!(same.provider_state, ProviderState::Captured);
    let unknown = PaymentNews { booking: None, payment: "pi_2".to_owned(), ..captured };
    assert_eq!(raise_payment(&database, &unknown, false).await.unwrap(), None);
}

/// The table in SQL and the table in the domain are one.
#[tokio::test]
async fn the_ledger_and_the_domain_know_the_same_next_step() {
    let database = fresh().await;
    for state in ProviderState::ALL {
        for decision in [None, Some(Decision::Keep), Some(Decision::GiveBack)] {
            let word = decision.map_or("NULL".to_owned(), |some| format!("'{}'", some.as_str()));
            for owes in [false, true] {
                let state_word = state.as_str();
                let sql = format!("SELECT boxoffice.payment_step('{state_word}', {word}, {owes})");
                let expected = next_step(state, decision, owes).as_str();
                assert_eq!(database.texts(&sql).await, [expected], "{state:?} {decision:?} {owes}");
            }
        }
    }
    let ranked = "SELECT word FROM unnest(ARRAY['refunded', 'created', 'captured', 'canceled',
        'authorised', 'failed', 'processing']) AS word ORDER BY boxoffice.payment_rank(word)";
    assert_eq!(database.texts(ranked).await, ProviderState::ALL.map(ProviderState::as_str));
}

#[tokio::test]
async fn one_event_twenty_times_in_parallel_is_new_once() {
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    let facts = seats(new_event(&first).await, &["A-1-1"]);
    let captured = news(&facts, ProviderState::Captured);
    let tasks: Vec<_> = databases
        .connect_many(20)
        .await
        .into_iter()
        .map(|database| {
            let captured = captured.clone();
            tokio::spawn(async move { deliver(&database, "evt_1", &captured).await.fresh })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += u32::from(task.await.unwrap());
    }
    assert_eq!(new, 1);
    assert_eq!(database_count(&first).await, 1);
}

async fn database_count(database: &Connection) -> i64 {
    database.number("SELECT count(*) FROM boxoffice.payments").await
}

/// An event for a booking that was sold without a payment changes nothing of the sale.
#[tokio::test]
async fn news_never_change_a_sale_of_something_else() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    confirm(&database, &facts).await;
    for state in [ProviderState::Canceled, ProviderState::Refunded] {
        tell(&database, &news(&facts, state)).await;
    }
    let state = "SELECT state FROM boxoffice.bookings";
    assert_eq!(database.texts(state).await, ["confirmed"]);
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..length {
        let longer = |order: Vec<usize>| {
            let rest: Vec<usize> = (0..length).filter(|index| !order.contains(index)).collect();
            rest.into_iter().map(move |index| [order.clone(), vec![index]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}
