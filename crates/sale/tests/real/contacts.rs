//! The contact of a buyer follows the booking through both stores, whatever is late or lost.

use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::{BookingId, UserId};
use domain::selection::Selection;
use sale::{ReserveSeats, drain_journal, expire_due_holds};
use scripts::{Idempotency, PresentedPass, ReserveOutcome, keys};
use uuid::Uuid;

use crate::stage::Stage;

fn contact() -> Contact {
    Contact {
        email: Some("fan@example.com".to_owned()),
        name: Some("Jane \"J\" Doe, 日本".to_owned()),
        locale: Some("en-GB".to_owned()),
    }
}

async fn reserve(stage: &Stage, contact: &Contact, key: Option<Idempotency<'_>>) -> Booking {
    let selection = Selection::Section { section: "F".parse().unwrap(), quantity: 1 };
    let (user, booking) =
        (UserId::from_uuid(Uuid::now_v7()), BookingId::new(stage.event, Uuid::now_v7()));
    let (pass, idempotency, selection) = (PresentedPass::None, key, &selection);
    let request =
        ReserveSeats { user, booking, pass, idempotency, selection, contact, is_registered: false };
    match sale::reserve_seats(&stage.stores, &request).await.unwrap() {
        ReserveOutcome::Held(hold) | ReserveOutcome::Replayed(hold) => hold.booking,
        refused => panic!("{refused:?}"),
    }
}

async fn recorded(stage: &Stage, booking: BookingId) -> Contact {
    ledger::find_booking(&stage.stores.database, booking).await.unwrap().unwrap().contact
}

/// What Redis still has of contacts.
async fn kept(stage: &Stage) -> Vec<String> {
    stage.texts(&keys::contacts(stage.event), "HKEYS", &[]).await
}

#[tokio::test(flavor = "current_thread")]
async fn a_contact_is_shown_with_the_booking_at_every_step() {
    let stage = Stage::open().await;
    let held = reserve(&stage, &contact(), None).await;
    let booking = held.booking_id;
    assert_eq!(held.contact, contact());
    assert_eq!(stage.booking(booking).await, held);
    drain_journal(&stage.stores, stage.event).await.unwrap();
    assert_eq!(recorded(&stage, booking).await, contact());
    let extended = sale::extend_booking(&stage.stores, &held).await.unwrap();
    let sale::ExtendBookingOutcome::Extended(extended) = extended else { panic!("{extended:?}") };
    assert_eq!(extended.contact, contact());
    // Its journal entry is drained, and the hold goes on.
    assert_eq!(stage.booking(booking).await, *extended);
    stage.confirm(booking).await;
    assert_eq!(stage.booking(booking).await.contact, contact());
    assert_eq!(kept(&stage).await, [""; 0], "Redis needs it no more");

    let nobody = reserve(&stage, &Contact::default(), None).await;
    assert_eq!((nobody.contact, kept(&stage).await), (Contact::default(), vec![]));
}

#[tokio::test(flavor = "current_thread")]
async fn a_repeated_reservation_has_the_contact_of_the_first() {
    let stage = Stage::open().await;
    let entry = Uuid::now_v7().simple().to_string();
    let key = Some(Idempotency { entry: &entry, fingerprint: "f" });
    let first = reserve(&stage, &contact(), key).await;
    assert_eq!(reserve(&stage, &contact(), key).await, first);
}

#[tokio::test(flavor = "current_thread")]
async fn a_sale_keeps_the_contact_when_the_journal_is_lost() {
    let stage = Stage::open().await;
    let booking = reserve(&stage, &contact(), None).await.booking_id;
    let journal = keys::journal(stage.event);
    stage.redis(&journal, "DEL", &[&journal]).await;
    stage.confirm(booking).await;
    assert_eq!(recorded(&stage, booking).await, contact());
}

#[tokio::test(flavor = "current_thread")]
async fn a_sale_keeps_the_contact_when_the_journal_is_late() {
    let stage = Stage::open().await;
    let booking = reserve(&stage, &contact(), None).await.booking_id;
    stage.confirm(booking).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    let sold = stage.booking(booking).await;
    assert_eq!((sold.status, sold.contact), (BookingStatus::Confirmed, contact()));
}

/// What ends a hold before the journal is drained stores it without a contact at first.
#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_has_ended_keeps_its_contact() {
    let stage = Stage::open().await;
    let released = reserve(&stage, &contact(), None).await.booking_id;
    let expired = reserve(&stage, &contact(), None).await.booking_id;
    stage.release(released).await;
    stage.make_due(expired).await;
    expire_due_holds(&stage.stores, stage.event).await.unwrap();
    for booking in [released, expired] {
        assert_eq!(stage.booking(booking).await.contact, contact(), "before the drain");
    }
    drain_journal(&stage.stores, stage.event).await.unwrap();
    for (booking, status) in
        [(released, BookingStatus::Released), (expired, BookingStatus::Expired)]
    {
        let found = stage.booking(booking).await;
        assert_eq!((found.status, found.contact), (status, contact()));
        assert_eq!(recorded(&stage, booking).await, contact());
    }
    assert_eq!(kept(&stage).await, [""; 0], "Redis needs them no more");
}

#[tokio::test(flavor = "current_thread")]
async fn a_hold_that_comes_back_has_its_contact() {
    let stage = Stage::open().await;
    let drained = reserve(&stage, &contact(), None).await;
    let nobody = reserve(&stage, &Contact::default(), None).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.lose_redis().await;
    assert_eq!(stage.booking(drained.booking_id).await, drained);
    assert_eq!(stage.booking(nobody.booking_id).await, nobody);
    // A rebuild drains what only the journal knows, with the contact.
    let undrained = reserve(&stage, &contact(), None).await;
    let settings = keys::settings(stage.event);
    stage.redis(&settings, "DEL", &[&settings]).await;
    assert_eq!(stage.booking(undrained.booking_id).await, undrained);
    assert_eq!(recorded(&stage, undrained.booking_id).await, contact());
}

/// Instances of an earlier release drain the journal and read holds beside this one: what they read
/// is what it was.
#[tokio::test(flavor = "current_thread")]
async fn records_and_journal_entries_are_the_same_with_and_without_a_contact() {
    let stage = Stage::open().await;
    let with = reserve(&stage, &contact(), None).await.booking_id.to_string();
    let record = &stage.texts(&keys::bookings(stage.event), "HVALS", &[]).await[0];
    assert_eq!(record.split(' ').count(), 9, "{record}");
    let entry = stage.texts(&keys::journal(stage.event), "XRANGE", &["-", "+"]).await;
    assert_eq!(entry[1..], ["e".to_owned(), format!("reserved {with} {record}")]);
}
