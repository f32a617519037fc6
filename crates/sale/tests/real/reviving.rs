//! Holds past their time: what brings them back, and what everybody is told of them meanwhile.

use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::event::{EventChange, SaleChange};
use domain::id::{BookingId, UserId};
use domain::payment::{Decision, ProviderState};
use domain::time::Instant;
use ledger::{ListBookings, RecordPaymentOutcome, list_bookings};
use sale::{
    ConfirmSaleOutcome, ExtendBookingOutcome, ReleaseOutcome, Settled, confirm_sale,
    expire_due_holds, extend_booking, find_booking,
};
use scripts::Choice;
use uuid::Uuid;

use crate::stage::Stage;
use crate::till::Till;

const AUTHORISED: &str = "payment_intent.amount_capturable_updated";
/// A section of two rows of five seats and ten standing places, free of charge.
const FREE: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 2, "seats_per_row": 5, "price": 0},
    {"name": "F", "kind": "standing", "capacity": 10, "price": 0}
]"#;

fn new_user() -> UserId {
    UserId::from_uuid(Uuid::now_v7())
}

async fn confirm(stage: &Stage, booking: BookingId, by: SoldBy<'_>) -> ConfirmSaleOutcome {
    let found = find_booking(&stage.stores, booking).await.unwrap().unwrap();
    confirm_sale(&stage.stores, found, by).await.unwrap()
}

/// Holds standing places and lets them expire; `is_swept`: the sweeper has come.
async fn expired(stage: &Stage, user: UserId, quantity: u32, is_swept: bool) -> BookingId {
    let section = "F".parse().unwrap();
    let choice = Choice::Section { section: &section, quantity };
    let booking = stage.hold_for(user, choice).await.unwrap();
    stage.make_due(booking).await;
    if is_swept {
        assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(1));
    }
    booking
}

async fn limit(stage: &Stage, max_per_buyer: i64) {
    let sale = SaleChange { max_per_buyer: Some(max_per_buyer), ..SaleChange::default() };
    stage.change(EventChange { sale: Some(sale), ..EventChange::default() }).await;
}

/// Each reason for which nothing can be reserved, for those who are bound by it.
#[tokio::test(flavor = "current_thread")]
async fn a_revived_hold_asks_what_reserving_asks() {
    let refused = ConfirmSaleOutcome::EventNotOnSale;
    let later = Some(Instant::from_unix_ms(4_000_000_000_000));
    let changes = [
        ("paused", EventChange { paused: Some(true), ..EventChange::default() }, false),
        ("not yet open", EventChange { on_sale_at: later, ..EventChange::default() }, true),
    ];
    for (why, change, binds_the_organiser) in changes {
        for is_swept in [true, false] {
            let stage = Stage::open_with(FREE, false).await;
            let booking = expired(&stage, new_user(), 2, is_swept).await;
            stage.change(change.clone()).await;
            assert_eq!(confirm(&stage, booking, SoldBy::Owner).await, refused, "{why}");
            let by_organiser = confirm(&stage, booking, SoldBy::Organiser).await;
            let expected =
                if binds_the_organiser { refused } else { ConfirmSaleOutcome::Confirmed };
            assert_eq!(by_organiser, expected, "{why}");
            let sold = if binds_the_organiser { 0 } else { 2 };
            expire_due_holds(&stage.stores, stage.event).await.unwrap();
            assert_eq!(stage.counts().await, (20 - sold, 0, sold));
            assert_eq!(stage.tickets().await, sold, "{why}");
        }
    }
}

/// The hold was made in time, and its event is over or cancelled: nobody revives it.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_of_an_event_that_is_over_is_not_revived() {
    for by in [SoldBy::Owner, SoldBy::Organiser] {
        let stage = Stage::open_with(FREE, false).await;
        let (over, cancelled) = (
            expired(&stage, new_user(), 2, true).await,
            expired(&stage, new_user(), 2, true).await,
        );
        let past = |ms| Some(Instant::from_unix_ms(ms));
        let times = EventChange {
            starts_at: past(1_000),
            ends_at: past(2_000),
            on_sale_at: past(500),
            ..EventChange::default()
        };
        stage.change(times).await;
        assert_eq!(confirm(&stage, over, by).await, ConfirmSaleOutcome::EventNotOnSale, "{by:?}");
        sale::cancel_event(&stage.stores, stage.event).await.unwrap().unwrap();
        let refused = confirm(&stage, cancelled, by).await;
        assert_eq!(refused, ConfirmSaleOutcome::EventNotOnSale, "{by:?}");
        assert_eq!(stage.tickets().await, 0);
    }
}

/// Reserve, let expire, three times; then confirm each.
#[tokio::test(flavor = "current_thread")]
async fn expired_holds_of_one_buyer_do_not_add_up_beyond_the_limit() {
    let stage = Stage::open_with(FREE, false).await;
    limit(&stage, 2).await;
    let user = new_user();
    let mut bookings = Vec::new();
    for is_swept in [true, true, false] {
        bookings.push(expired(&stage, user, 2, is_swept).await);
    }
    let [first, second, third] = bookings[..] else { panic!() };
    // The third one is not swept, and counts no more all the same.
    assert_eq!(confirm(&stage, first, SoldBy::Owner).await, ConfirmSaleOutcome::Confirmed);
    for refused in [second, third] {
        let outcome = confirm(&stage, refused, SoldBy::Owner).await;
        assert_eq!(outcome, ConfirmSaleOutcome::BuyerLimitExceeded);
        assert_eq!(stage.status(refused).await, BookingStatus::Expired);
    }
    assert_eq!((stage.counts().await, stage.tickets().await), ((18, 0, 2), 2));
    assert_eq!(confirm(&stage, second, SoldBy::Organiser).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!((stage.counts().await, stage.tickets().await), ((16, 0, 4), 4));
}

/// Redis does not know what the buyer has: it has lost the event, or is wrong. Postgres decides.
#[tokio::test(flavor = "current_thread")]
async fn postgres_keeps_the_limit_that_redis_has_forgotten() {
    let stage = Stage::open_with(FREE, false).await;
    limit(&stage, 2).await;
    let user = new_user();
    let section = "F".parse().unwrap();
    let hold = async || {
        let choice = Choice::Section { section: &section, quantity: 2 };
        stage.hold_for(user, choice).await.unwrap()
    };
    let first = hold().await;
    stage.plant(&format!("HDEL buyers {user}")).await;
    let second = hold().await;
    assert_eq!(confirm(&stage, first, SoldBy::Owner).await, ConfirmSaleOutcome::Confirmed);
    let refused = confirm(&stage, second, SoldBy::Owner).await;
    assert_eq!(refused, ConfirmSaleOutcome::BuyerLimitExceeded);
    assert_eq!(stage.status(second).await, BookingStatus::Expired);
    assert_eq!((stage.counts().await, stage.tickets().await), ((18, 0, 2), 2));
}

/// The money comes back when its hold does not.
#[tokio::test(flavor = "current_thread")]
async fn late_money_of_a_hold_that_cannot_come_back_is_given_back() {
    const VOIDED: (ProviderState, Option<Decision>) =
        (ProviderState::Canceled, Some(Decision::GiveBack));
    for why in ["paused", "limit"] {
        let till = Till::open().await;
        let stage = &till.stage;
        let user = new_user();
        let section = "F".parse().unwrap();
        let choice = Choice::Section { section: &section, quantity: 2 };
        let late = stage.hold_for(user, choice).await.unwrap();
        let payment = till.begin(late).await;
        stage.make_overdue(late, 121_000).await;
        assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(1));
        if why == "paused" {
            stage.change(EventChange { paused: Some(true), ..EventChange::default() }).await;
        } else {
            limit(stage, 2).await;
            let second = stage.hold_for(user, choice).await.unwrap();
            assert_eq!(stage.confirm(second).await, ConfirmSaleOutcome::Confirmed);
        }
        till.controls.pay(&payment).await.unwrap();
        assert_eq!(till.tell(AUTHORISED, &payment).await, Settled::GivenBack, "{why}");
        till.finish().await;
        assert_eq!(till.state(&payment).await, VOIDED, "{why}");
        assert_eq!(stage.status(late).await, BookingStatus::Expired, "{why}");
        till.balance().await;
    }
}

/// What each reader is told: the page of one booking, and the list of its owner.
async fn told(stage: &Stage, booking: BookingId, user: UserId) -> Vec<(BookingStatus, Instant)> {
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    let one = stage.booking(booking).await;
    let request = ListBookings { user, limit: 10, cursor: None };
    let listed = list_bookings(&stage.stores.database, &request).await.unwrap().bookings.remove(0);
    assert_eq!(listed.booking_id, booking);
    let told = |booking: &Booking| (booking.status, booking.expires_at);
    vec![told(&one), told(&listed)]
}

/// The provider takes its time. Before a sweep, after it, and when what it kept is due again: the
/// booking is reserved, with one end, and can be paid and given back, until the bounded grace is
/// over.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_is_being_paid_reads_the_same_all_the_time() {
    let till = Till::open().await;
    let stage = &till.stage;
    let booking = stage.hold_seat(1, 1).await;
    let payment = till.begin(booking).await;
    let (user, free) = (stage.booking(booking).await.user_id, stage.hold_seat(1, 2).await);
    till.controls.process(&payment).await.unwrap();
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    for overdue_ms in [1, 1_000, 50_000, 100_000] {
        stage.make_overdue(booking, overdue_ms).await;
        let ends_at = stage.booking(booking).await.expires_at;
        let expected = vec![(BookingStatus::Reserved, ends_at); 2];
        assert_eq!(told(stage, booking, user).await, expected, "{overdue_ms}: due");
        assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(0));
        assert_eq!(told(stage, booking, user).await, expected, "{overdue_ms}: kept");
        ledger::expire_stale_bookings(&stage.stores.database).await.unwrap();
        assert_eq!(told(stage, booking, user).await, expected, "{overdue_ms}: swept");
        let (again, outcome) = till.try_begin(booking, 0).await;
        assert_eq!((&again, outcome), (&payment, RecordPaymentOutcome::Recorded));
    }
    stage.make_overdue(booking, 121_000).await;
    let ends_at = stage.booking(booking).await.expires_at;
    let expected = vec![(BookingStatus::Expired, ends_at); 2];
    assert_eq!(told(stage, booking, user).await, expected);
    assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(1));
    assert_eq!(told(stage, booking, user).await, expected);
    // Without a payment nothing outlives its end.
    let user = stage.booking(free).await.user_id;
    sale::drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.make_overdue(free, 1).await;
    let ends_at = stage.booking(free).await.expires_at;
    assert_eq!(told(stage, free, user).await, vec![(BookingStatus::Expired, ends_at); 2]);
}

/// What is kept is not revived: its money makes the sale, whatever could be reserved now.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_is_kept_for_its_payment_is_sold_in_a_pause() {
    let till = Till::open().await;
    let stage = &till.stage;
    for (number, is_swept) in [(1, false), (2, true)] {
        let booking = stage.hold_seat(1, number).await;
        let payment = till.pay(booking).await;
        stage.make_overdue(booking, 1_000).await;
        if is_swept {
            assert_eq!(expire_due_holds(&stage.stores, stage.event).await, Ok(0));
        }
        stage.change(EventChange { paused: Some(true), ..EventChange::default() }).await;
        assert_eq!(till.tell(AUTHORISED, &payment).await, Settled::Confirmed);
        till.finish().await;
        stage.change(EventChange { paused: Some(false), ..EventChange::default() }).await;
    }
    till.balance().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_is_kept_for_its_payment_can_be_given_back() {
    let till = Till::open().await;
    let booking = till.stage.hold_seat(1, 1).await;
    till.begin(booking).await;
    till.stage.make_overdue(booking, 1_000).await;
    assert_eq!(till.stage.release(booking).await, ReleaseOutcome::Released);
    assert_eq!(till.stage.status(booking).await, BookingStatus::Released);
    assert_eq!(till.stage.counts().await, (20, 0, 0));
}

/// An extension is in Postgres at once, and comes back from there.
#[tokio::test(flavor = "current_thread")]
async fn an_extended_hold_stays_so_whatever_redis_loses() {
    let till = Till::open().await;
    let stage = &till.stage;
    let booking = stage.hold_seat(1, 1).await;
    let before = stage.booking(booking).await;
    let extended = extend_booking(&stage.stores, &before).await.unwrap();
    let ExtendBookingOutcome::Extended(after) = extended else { panic!("{extended:?}") };
    assert_eq!(after.expires_at, before.expires_at.plus_ms(600_000));
    let user = before.user_id;
    assert_eq!(told(stage, booking, user).await, vec![(after.status, after.expires_at); 2]);
    let again = async || {
        let found = stage.booking(booking).await;
        extend_booking(&stage.stores, &found).await.unwrap()
    };
    assert_eq!(again().await, ExtendBookingOutcome::AlreadyExtended);
    stage.lose_redis().await;
    stage.counts().await;
    assert_eq!(stage.booking(booking).await, *after);
    assert_eq!(again().await, ExtendBookingOutcome::AlreadyExtended);
    // A payment is begun in the time that was given.
    till.pay(booking).await;
    assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(again().await, ExtendBookingOutcome::Resolved(BookingStatus::Confirmed));
    for (number, status) in [(2, BookingStatus::Released), (3, BookingStatus::Expired)] {
        let booking = stage.hold_seat(1, number).await;
        match status {
            BookingStatus::Released => drop(stage.release(booking).await),
            _ => stage.make_due(booking).await,
        }
        let found = stage.booking(booking).await;
        let resolved = extend_booking(&stage.stores, &found).await.unwrap();
        assert_eq!(resolved, ExtendBookingOutcome::Resolved(status));
    }
}

/// Redis was not told of the sale: Postgres knows better.
#[tokio::test(flavor = "current_thread")]
async fn what_is_sold_is_not_extended() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    let found = stage.booking(booking).await;
    let request = ledger::ConfirmBooking { booking: &found, by: SoldBy::Organiser };
    ledger::confirm_booking(&stage.stores.database, &request).await.unwrap();
    let extended = extend_booking(&stage.stores, &found).await.unwrap();
    assert_eq!(extended, ExtendBookingOutcome::Resolved(BookingStatus::Confirmed));
}
