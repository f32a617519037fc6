//! Payments on a page of the provider.

use domain::payment::{PaymentNews, ProviderState};
use ledger::{
    BeginCheckoutOutcome, Checkout, ConfirmOutcome, RecordPaymentOutcome, begin_checkout,
    begin_checkout_payment, claim_due_checkouts, end_checkout, find_payment, note_checkout,
};
use uuid::Uuid;

use crate::payments::pay;
use crate::provider_events::{news, tell};
use crate::support::{Connection, confirm, fresh, new_event, seats};

async fn begin(database: &Connection, facts: &domain::booking::Booking) -> Checkout {
    match begin_checkout(database, facts, Uuid::now_v7()).await.unwrap() {
        BeginCheckoutOutcome::Begun(checkout) => checkout,
        BeginCheckoutOutcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

/// Moves the end of every hold, and of every lease, to a moment ago.
async fn let_time_pass(database: &Connection) {
    database
        .execute(
            "UPDATE boxoffice.bookings SET expires_at = now() - interval '1 s';
             UPDATE boxoffice.checkouts SET due_at = now() - interval '1 s'",
        )
        .await;
}

#[tokio::test]
async fn a_hold_has_one_open_page() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (facts, other) = (seats(event, &["A-1-1"]), seats(event, &["A-1-2"]));
    let first = begin(&database, &facts).await;
    assert_eq!(begin(&database, &facts).await, first);
    assert_ne!(begin(&database, &other).await.id, first.id);
    // One that has ended makes room for another.
    end_checkout(&database, first.id).await.unwrap();
    let second = begin(&database, &facts).await;
    assert_ne!(second.id, first.id);
    // So does one that the provider ends in this minute.
    database.execute("UPDATE boxoffice.checkouts SET session_ends_at = now()").await;
    assert_ne!(begin(&database, &facts).await.id, second.id);
}

#[tokio::test]
async fn what_cannot_be_paid_has_no_page() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::Confirmed);
    let refused = begin_checkout(&database, &facts, Uuid::now_v7()).await.unwrap();
    let expected = BeginCheckoutOutcome::Refused(RecordPaymentOutcome::AlreadyConfirmed);
    assert_eq!(refused, expected);
    let past = domain::time::Instant::from_unix_ms(1_700_000_000_000);
    let late = domain::booking::Booking { expires_at: past, ..seats(event, &["A-1-2"]) };
    let refused = begin_checkout(&database, &late, Uuid::now_v7()).await.unwrap();
    let expected = BeginCheckoutOutcome::Refused(RecordPaymentOutcome::BookingExpired);
    assert_eq!(refused, expected);
}

/// The authorisation of a payment that nobody begun here is never kept; the one of a page is.
#[tokio::test]
async fn a_payment_of_a_page_is_ours() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    let checkout = begin(&database, &facts).await;
    let other = begin_checkout_payment(&database, Uuid::now_v7(), "pi_2", false).await.unwrap();
    assert!(!other, "a checkout that was never begun");
    assert_eq!(find_payment(&database, "pi_2").await.unwrap(), None);

    for _ in 0..2 {
        assert!(begin_checkout_payment(&database, checkout.id, "pi_1", false).await.unwrap());
    }
    let authorised = news(&facts, ProviderState::Authorised);
    tell(&database, &PaymentNews { payment: "pi_1".to_owned(), ..authorised }).await;
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::Confirmed);
}

/// The price is the one of the hold, whatever is paid on the page.
#[tokio::test]
async fn a_page_with_another_price_pays_for_nothing() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    let checkout = begin(&database, &facts).await;
    assert!(begin_checkout_payment(&database, checkout.id, "pi_1", false).await.unwrap());
    let less = PaymentNews {
        payment: "pi_1".to_owned(),
        amount: facts.amount - 1,
        ..news(&facts, ProviderState::Authorised)
    };
    tell(&database, &less).await;
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::PaymentDiffers);
}

#[tokio::test]
async fn a_page_ends_with_its_hold_and_not_before() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = seats(event, &["A-1-1"]);
    let checkout = begin(&database, &facts).await;
    note_checkout(&database, checkout.id, "cs_1").await.unwrap();
    assert_eq!(claim_due_checkouts(&database, 10).await.unwrap(), []);

    let_time_pass(&database).await;
    let due = claim_due_checkouts(&database, 10).await.unwrap();
    let [one] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!((one.id, one.session.as_deref()), (checkout.id, Some("cs_1")));
    // Its lease keeps other workers away; afterwards it is there again, until it is ended.
    assert_eq!(claim_due_checkouts(&database, 10).await.unwrap(), []);
    let_time_pass(&database).await;
    assert_eq!(claim_due_checkouts(&database, 10).await.unwrap().len(), 1);
    end_checkout(&database, checkout.id).await.unwrap();
    let_time_pass(&database).await;
    assert_eq!(claim_due_checkouts(&database, 10).await.unwrap(), []);
}
