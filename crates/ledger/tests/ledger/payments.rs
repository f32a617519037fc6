//! Decisions about payments: made once, in the statement of the sale, and refused by the tables
//! where a function might be wrong.

use domain::booking::{BookingStatus, SoldBy};
use domain::payment::{Decision, PaymentNews, ProviderState};
use domain::time::Instant;
use ledger::{
    CancelBookingOutcome, ConfirmBooking, ConfirmOutcome, Database, DatabaseError, ListSagas,
    RecordPayment, RecordPaymentOutcome, ReleaseBookingOutcome, SagaProgress, SagaStatus,
    begin_refund, cancel_booking, cancel_event, canceled_payments, claim_due_sagas,
    confirm_booking, find_booking, find_payment, give_back_payment, list_sagas,
    note_provider_refusal, note_refund, note_saga, open_payments_among, provider_refusals,
    record_payment, release_booking, retry_saga,
};

use crate::provider_events::{news, saga, tell};
use crate::support::{Connection, confirm, fresh, new_event, seats};

pub(crate) async fn pay(
    database: &Connection,
    facts: &domain::booking::Booking,
    payment: &str,
) -> ConfirmOutcome {
    let request = ConfirmBooking { booking: facts, by: SoldBy::Payment(payment) };
    confirm_booking(database, &request).await.unwrap()
}

async fn decision(database: &Connection, payment: &str) -> Option<Decision> {
    find_payment(database, payment).await.unwrap().unwrap().decision
}

/// An authorised payment of the hold.
pub(crate) async fn authorise(
    database: &Connection,
    facts: &domain::booking::Booking,
    payment: &str,
) {
    let news = news(facts, ProviderState::Authorised);
    tell(database, &PaymentNews { payment: payment.to_owned(), ..news }).await;
}

#[tokio::test]
async fn a_sale_and_the_decision_about_its_payment_are_one() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    for payment in ["pi_1", "pi_2"] {
        authorise(&database, &facts, payment).await;
    }
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::Confirmed);
    assert_eq!(decision(&database, "pi_1").await, Some(Decision::Keep));
    assert_eq!(saga(&database).await, ["capture running"]);
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::AlreadyConfirmed);
    assert_eq!(pay(&database, &facts, "pi_2").await, ConfirmOutcome::AlreadyPaid);
    assert_eq!(decision(&database, "pi_2").await, Some(Decision::GiveBack));
    // What is decided stays.
    assert!(!give_back_payment(&database, "pi_1", "a mistake").await.unwrap());
    assert_eq!(decision(&database, "pi_1").await, Some(Decision::Keep));
    // The seats of a kept one are not another's, and the other's money goes back.
    let late = seats(event, &["A-1-1"]);
    authorise(&database, &late, "pi_3").await;
    assert_eq!(pay(&database, &late, "pi_3").await, ConfirmOutcome::SeatSold);
    assert_eq!(decision(&database, "pi_3").await, Some(Decision::GiveBack));
    let again = seats(event, &["A-1-2"]);
    assert_eq!(pay(&database, &again, "pi_3").await, ConfirmOutcome::PaymentDiffers);
    assert_eq!(pay(&database, &late, "pi_3").await, ConfirmOutcome::PaymentGivenBack);
}

/// Whose money is there gets a ticket or the money back; until that is decided nothing is released.
#[tokio::test]
async fn a_paid_hold_is_not_released_before_its_payment_is_decided() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut facts = seats(event, &["A-1-1"]);
    facts.expires_at = Instant::from_unix_ms(4_000_000_000_000);
    for state in [ProviderState::Created, ProviderState::Failed, ProviderState::Authorised] {
        let payment = "pi_1".to_owned();
        tell(&database, &PaymentNews { payment, ..news(&facts, state) }).await;
    }
    let release = async || release_booking(&database, &facts).await.unwrap();
    assert_eq!(release().await, ReleaseBookingOutcome::PaymentUnderWay);
    let booking = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
    assert_eq!(booking.status, BookingStatus::Reserved);
    assert!(give_back_payment(&database, "pi_1", "the buyer changed their mind").await.unwrap());
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::PaymentGivenBack);
    assert_eq!(release().await, ReleaseBookingOutcome::Released);
}

#[tokio::test]
async fn only_the_price_in_money_that_is_there_buys() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for (number, change) in (1..).zip(["amount", "currency", "whole", "booking", "unpaid"]) {
        let facts = seats(event, &[&format!("A-1-{number}")]);
        let mut news = news(&facts, ProviderState::Authorised);
        news.payment = format!("pi_{change}");
        match change {
            "amount" => news.amount = 4999,
            "currency" => news.currency = "USD".to_owned(),
            "whole" => news.whole = false,
            "booking" => news.booking = Some(seats(event, &["A-2-1"]).booking_id.to_string()),
            _ => news.state = ProviderState::Failed,
        }
        tell(&database, &news).await;
        let (outcome, decided) = match change {
            "unpaid" => (ConfirmOutcome::NotPaid, None),
            // It decides about its own booking only.
            "booking" => (ConfirmOutcome::PaymentDiffers, None),
            _ => (ConfirmOutcome::PaymentDiffers, Some(Decision::GiveBack)),
        };
        assert_eq!(pay(&database, &facts, &news.payment).await, outcome, "{change}");
        assert_eq!(decision(&database, &news.payment).await, decided, "{change}");
    }
    let unknown = seats(event, &["A-3-1"]);
    assert_eq!(pay(&database, &unknown, "pi_unknown").await, ConfirmOutcome::PaymentDiffers);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
}

#[tokio::test]
async fn a_payment_that_is_begun_is_recorded_or_given_up() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = domain::booking::Booking {
        expires_at: domain::time::Instant::from_unix_ms(4_000_000_000_000),
        ..seats(event, &["A-1-1"])
    };
    let request = RecordPayment {
        booking: &facts,
        payment: "pi_1",
        amount: 5000,
        currency: "EUR",
        livemode: false,
    };
    for _ in 0..2 {
        let outcome = record_payment(&database, &request).await.unwrap();
        assert_eq!(outcome, RecordPaymentOutcome::Recorded);
    }
    assert_eq!(saga(&database).await, ["await running"]);
    assert_eq!(
        open_payments_among(&database, &[facts.booking_id]).await.unwrap(),
        [facts.booking_id]
    );
    let due = "SELECT count(*) FROM boxoffice.sagas WHERE due_at <= now()";
    assert_eq!(database.number(due).await, 1, "the provider is asked now");

    let less = RecordPayment { payment: "pi_less", amount: 4999, ..request };
    let outcome = record_payment(&database, &less).await.unwrap();
    assert_eq!(outcome, RecordPaymentOutcome::PaymentDiffers);
    assert_eq!(decision(&database, "pi_less").await, Some(Decision::GiveBack));
    let overdue = domain::booking::Booking {
        expires_at: Instant::from_unix_ms(1_000),
        ..seats(event, &["A-1-2"])
    };
    let late = RecordPayment { booking: &overdue, payment: "pi_late", ..request };
    let outcome = record_payment(&database, &late).await.unwrap();
    assert_eq!(outcome, RecordPaymentOutcome::BookingExpired);
    let taken = RecordPayment { payment: "pi_1", ..late };
    let outcome = record_payment(&database, &taken).await.unwrap();
    assert_eq!(outcome, RecordPaymentOutcome::PaymentTaken);

    // The one of another price is given up at once, an open one when it is cancelled.
    assert_eq!(canceled_payments(&database, facts.booking_id).await.unwrap(), 1);
    tell(&database, &news(&facts, ProviderState::Canceled)).await;
    assert_eq!(canceled_payments(&database, facts.booking_id).await.unwrap(), 2);
    assert_eq!(open_payments_among(&database, &[facts.booking_id]).await.unwrap(), []);
    confirm(&database, &facts).await;
    let sold = RecordPayment { payment: "pi_sold", ..request };
    let outcome = record_payment(&database, &sold).await.unwrap();
    assert_eq!(outcome, RecordPaymentOutcome::AlreadyConfirmed);
    cancel_event(&database, event).await.unwrap();
    let other =
        domain::booking::Booking { expires_at: facts.expires_at, ..seats(event, &["A-1-9"]) };
    let cancelled = RecordPayment { booking: &other, payment: "pi_gone", ..request };
    let outcome = record_payment(&database, &cancelled).await.unwrap();
    assert_eq!(outcome, RecordPaymentOutcome::Cancelled);
}

/// It is never handed out again, and from the decision on the next one takes its place.
#[tokio::test]
async fn a_payment_that_is_given_back_makes_room_for_the_next() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = domain::booking::Booking {
        expires_at: Instant::from_unix_ms(4_000_000_000_000),
        ..seats(event, &["A-1-1"])
    };
    let first = RecordPayment {
        booking: &facts,
        payment: "pi_1",
        amount: 5000,
        currency: "EUR",
        livemode: false,
    };
    let record = async |request: &RecordPayment<'_>| record_payment(&database, request).await;
    let given_up = async || canceled_payments(&database, facts.booking_id).await;
    assert_eq!(record(&first).await, Ok(RecordPaymentOutcome::Recorded));
    let captured = news(&facts, ProviderState::Captured);
    tell(&database, &PaymentNews { amount: 4999, ..captured }).await;
    assert_eq!(given_up().await, Ok(0));
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::PaymentDiffers);
    for refunded in [false, true] {
        if refunded {
            tell(&database, &news(&facts, ProviderState::Refunded)).await;
        }
        assert_eq!(given_up().await, Ok(1), "{refunded}");
        assert_eq!(record(&first).await, Ok(RecordPaymentOutcome::PaymentGivenBack), "{refunded}");
    }
    let second = RecordPayment { payment: "pi_2", ..first };
    assert_eq!(record(&second).await, Ok(RecordPaymentOutcome::Recorded));
    assert_eq!(given_up().await, Ok(1));
    authorise(&database, &facts, "pi_2").await;
    assert_eq!(pay(&database, &facts, "pi_2").await, ConfirmOutcome::Confirmed);
}

/// A payment may be late, but not later than what it is for. The cash desk decides for itself.
#[tokio::test]
async fn nothing_is_paid_for_once_the_event_is_over() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = domain::booking::Booking {
        expires_at: Instant::from_unix_ms(4_000_000_000_000),
        ..seats(event, &["A-1-1"])
    };
    let begin = RecordPayment {
        booking: &facts,
        payment: "pi_1",
        amount: 5000,
        currency: "EUR",
        livemode: false,
    };
    assert_eq!(record_payment(&database, &begin).await, Ok(RecordPaymentOutcome::Recorded));
    authorise(&database, &facts, "pi_1").await;
    database
        .execute(
            "UPDATE boxoffice.events SET starts_at = now() - interval '2 s',
             ends_at = now() - interval '1 s'",
        )
        .await;
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::EventEnded);
    assert_eq!(decision(&database, "pi_1").await, Some(Decision::GiveBack));
    assert_eq!(saga(&database).await, ["give_back running"]);
    let reasons = "SELECT reason FROM boxoffice.payments";
    assert_eq!(database.texts(reasons).await, ["event_ended"]);
    let next = RecordPayment { payment: "pi_2", ..begin };
    assert_eq!(record_payment(&database, &next).await, Ok(RecordPaymentOutcome::EventEnded));
    assert_eq!(decision(&database, "pi_2").await, Some(Decision::GiveBack));
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::Confirmed);
}

#[tokio::test]
async fn a_refund_is_begun_once_and_only_when_it_was_decided() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    tell(&database, &news(&facts, ProviderState::Captured)).await;
    assert_eq!(begin_refund(&database, "pi_1").await.unwrap(), None);
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::Confirmed);
    assert_eq!(begin_refund(&database, "pi_1").await.unwrap(), None);
    let cancelled = cancel_booking(&database, facts.booking_id, true).await.unwrap();
    assert_eq!(cancelled, CancelBookingOutcome::Cancelled);
    for _ in 0..2 {
        assert_eq!(begin_refund(&database, "pi_1").await.unwrap(), Some(5000));
    }
    assert!(note_refund(&database, "pi_1", Some("re_1")).await.unwrap());
    tell(&database, &news(&facts, ProviderState::Refunded)).await;
    assert_eq!(begin_refund(&database, "pi_1").await.unwrap(), None);
    assert_eq!(database.texts("SELECT refund_id FROM boxoffice.refunds").await, ["re_1"]);
    assert_eq!(database.texts("SELECT state FROM boxoffice.bookings").await, ["refunded"]);
}

#[tokio::test]
async fn who_worked_on_an_older_revision_notes_nothing() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    tell(&database, &news(&facts, ProviderState::Failed)).await;
    database.execute("UPDATE boxoffice.sagas SET due_at = now()").await;
    let due = claim_due_sagas(&database, 10).await.unwrap();
    assert_eq!((due.len(), claim_due_sagas(&database, 10).await.unwrap().len()), (1, 0));
    // It is paid while the worker takes it for unpaid.
    tell(&database, &news(&facts, ProviderState::Authorised)).await;
    let (id, revision) = (due[0].id.as_str(), due[0].revision);
    assert!(!note_saga(&database, id, revision, &SagaProgress::Done).await.unwrap());
    assert_eq!(saga(&database).await, ["settle running"]);

    database.execute("UPDATE boxoffice.sagas SET due_at = now()").await;
    let revision = claim_due_sagas(&database, 10).await.unwrap()[0].revision;
    let dead = SagaProgress::Dead { step: "settle".to_owned(), error: "refused".to_owned() };
    assert!(note_saga(&database, id, revision, &dead).await.unwrap());
    let request = ListSagas { status: SagaStatus::Dead, limit: 10, cursor: None };
    let listed = list_sagas(&database, &request).await.unwrap().sagas;
    assert_eq!((listed.len(), listed[0].last_error.as_deref()), (1, Some("refused")));
    let retried = retry_saga(&database, id).await.unwrap().unwrap();
    assert_eq!((retried.status, retried.attempts), (SagaStatus::Running, 0));
    assert_eq!(claim_due_sagas(&database, 10).await.unwrap().len(), 1);
    assert_eq!(retry_saga(&database, "payment:unknown").await.unwrap(), None);
}

#[tokio::test]
async fn the_tables_refuse_what_a_function_might_let_through() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1"]);
    for payment in ["pi_1", "pi_2"] {
        authorise(&database, &facts, payment).await;
    }
    pay(&database, &facts, "pi_1").await;
    let event = facts.booking_id.event();
    let keep = "UPDATE boxoffice.payments SET decision = 'keep', decided_at = now()";
    for (sqlstate, sql) in [
        ("23505", format!("{keep} WHERE id = 'pi_2'")),
        ("23514", "UPDATE boxoffice.payments SET contradicted = true WHERE id = 'pi_1'".into()),
        ("23514", "UPDATE boxoffice.payments SET provider_state = 'failed'".into()),
        ("23514", "UPDATE boxoffice.payments SET amount_refunded = 5001".into()),
        ("23514", "UPDATE boxoffice.payments SET amount_refunded = -1".into()),
        ("23514", "UPDATE boxoffice.payments SET amount = -1".into()),
        ("23514", "UPDATE boxoffice.payments SET provider_state = 'refunded'".into()),
        ("23514", "UPDATE boxoffice.payments SET decided_at = NULL WHERE id = 'pi_1'".into()),
        ("23514", "UPDATE boxoffice.payments SET reason = 'x' WHERE id = 'pi_1'".into()),
        ("23514", "UPDATE boxoffice.sagas SET status = 'done'".into()),
        ("23514", "UPDATE boxoffice.sagas SET subject = 'pi_3'".into()),
        (
            "23505",
            "INSERT INTO boxoffice.refunds (payment_id, amount)
             VALUES ('pi_1', 5000), ('pi_1', 5000)"
                .into(),
        ),
        (
            "23505",
            format!(
                "INSERT INTO boxoffice.bookings (id, event_id, user_id, state, section, seats,
                     quantity, amount, currency, created_at, expires_at, payment_id)
                 VALUES ('bk_2', '{event}', '{event}', 'reserved', 'A', '{{A-1-2}}', 1, 1, 'EUR',
                     now(), now(), 'pi_1')"
            ),
        ),
    ] {
        match database.query(&sql, vec![]).await {
            Err(DatabaseError::Statement { sqlstate: got, .. }) => {
                assert_eq!(got, sqlstate, "{sql}")
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_counted_always_and_news_once_in_a_while() {
    let database = fresh().await;
    let minute_ms = 60_000;
    let note = async |operation: &str, cause: &str, window_ms: i64| {
        note_provider_refusal(&database, operation, cause, window_ms).await.unwrap()
    };
    assert!(note("create", "status 403", minute_ms).await);
    assert!(!note("create", "status 403", minute_ms).await);
    assert!(note("create", "status 401", minute_ms).await, "another cause");
    assert!(note("capture", "status 403", minute_ms).await, "another operation");
    assert!(note("create", "status 403", 0).await, "the time is over");
    let counted: Vec<_> = provider_refusals(&database)
        .await
        .unwrap()
        .into_iter()
        .map(|it| (it.operation, it.cause, it.total))
        .collect();
    let counted: Vec<_> = counted.iter().map(|(a, b, n)| (a.as_str(), b.as_str(), *n)).collect();
    let expected =
        [("capture", "status 403", 1), ("create", "status 401", 1), ("create", "status 403", 3)];
    assert_eq!(counted, expected);
}
