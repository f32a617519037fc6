//! A part of a sale is given up: its places are free, its share goes back once, the rest stays
//! sold; whatever stops in between, and whatever else happens to the same booking meanwhile.

use std::rc::Rc;

use domain::booking::{Booking, BookingStatus};
use domain::event::{EventChange, SaleChange};
use domain::id::{BookingId, UserId};
use domain::part::Part;
use domain::payment::{Decision, ProviderState};
use domain::time::Instant;
use fake_provider::{CallFault, FaultKind, Faults, Operation};
use native::NativeHttp;
use sale::{GiveUpOutcome, WorkerContext, cancel_booking, cancel_event, give_up_part, run_sagas};
use scripts::Choice;
use uuid::Uuid;

use crate::fuse::{Fuse, Fused, fused_stores};
use crate::stage::Stage;
use crate::till::Till;

const KEPT: (ProviderState, Option<Decision>) = (ProviderState::Captured, Some(Decision::Keep));
const GIVEN_BACK: (ProviderState, Option<Decision>) =
    (ProviderState::Refunded, Some(Decision::GiveBack));
/// Room for a booking in every round.
const SECTIONS: &str = r#"[
    {"name": "A", "kind": "seated", "rows": 100, "seats_per_row": 5, "price": 5000},
    {"name": "F", "kind": "standing", "capacity": 10, "price": 3500}
]"#;
/// More moments than any of the runs below has.
const MOMENTS_MAX: u32 = 60;

fn seats(labels: &[&str]) -> Part {
    Part::Seats(labels.iter().map(|label| label.parse().unwrap()).collect())
}

/// Holds seats 1 to 3 of a row.
async fn hold_three(stage: &Stage, row: u32) -> BookingId {
    let section = "A".parse().unwrap();
    let seats = [(row, 1), (row, 2), (row, 3)];
    stage.hold(Choice::Seats { section: &section, seats: &seats }).await.unwrap()
}

async fn give_up(stage: &Stage, booking: BookingId, part: &Part) -> GiveUpOutcome {
    let found = stage.booking(booking).await;
    give_up_part(&stage.stores, &found, part, true).await.unwrap()
}

fn given_up(outcome: GiveUpOutcome) -> Booking {
    let GiveUpOutcome::GivenUp(booking) = outcome else { panic!("{outcome:?}") };
    booking
}

async fn audit_is_clean(stage: &Stage) {
    let mode = sale::AuditMode::ReadOnly;
    let audit = sale::audit_event(&stage.stores, stage.event, mode).await.unwrap().unwrap();
    assert!(audit.differences.is_empty(), "{:?}", audit.differences);
}

#[tokio::test(flavor = "current_thread")]
async fn a_part_frees_its_places_and_gives_back_its_share() {
    let till = Till::open().await;
    let (seated, standing) = (hold_three(&till.stage, 1).await, till.stage.hold_standing(4).await);
    let payments = [till.pay(seated).await, till.pay(standing).await];
    till.finish().await;
    assert_eq!(till.stage.counts().await, (13, 0, 7));

    // A seat again changes nothing; places to stand are given up by each call.
    for _ in 0..2 {
        let left = given_up(give_up(&till.stage, seated, &seats(&["A-1-2"])).await);
        assert_eq!(left.seat_labels(), ["A-1-1", "A-1-3"]);
        assert_eq!((left.quantity, left.amount), (2, 10_000));
        assert_eq!(left.status, BookingStatus::Confirmed);
    }
    for (quantity, amount) in [(3, 10_500), (2, 7_000)] {
        let left = given_up(give_up(&till.stage, standing, &Part::Quantity(1)).await);
        assert_eq!((left.quantity, left.amount), (quantity, amount));
    }
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((16, 0, 4), 4));
    // The seat is another's before the saga frees it once more.
    let other = till.stage.hold_seat(1, 2).await;
    till.finish().await;
    assert_eq!(till.stage.counts().await, (15, 1, 4));
    assert_eq!(till.stage.status(other).await, BookingStatus::Reserved);
    for (payment, refunded) in payments.iter().zip([5_000, 7_000]) {
        assert_eq!(till.state(payment).await, KEPT);
        assert_eq!(till.intent(payment).await.refunded, refunded);
        assert_eq!(till.payment(payment).await.amount_refunded, refunded);
        assert_eq!(till.saga(payment).await, "done done");
    }
    till.balance().await;
    audit_is_clean(&till.stage).await;

    // What is left is given up as a whole, in both ways.
    let rest = seats(&["A-1-1", "A-1-2", "A-1-3"]);
    let cancelled = given_up(give_up(&till.stage, seated, &rest).await);
    assert_eq!(cancelled.status, BookingStatus::Cancelled);
    cancel_booking(&till.stage.stores, standing, true).await.unwrap();
    till.finish().await;
    assert_eq!((till.stage.counts().await, till.stage.tickets().await), ((19, 1, 0), 0));
    for payment in &payments {
        assert_eq!(till.state(payment).await, GIVEN_BACK);
    }
    assert_eq!(till.stage.status(seated).await, BookingStatus::Refunded);
    till.balance().await;
    audit_is_clean(&till.stage).await;
    let told = "SELECT id FROM boxoffice.outbox ORDER BY id COLLATE \"C\"";
    let mut expected = vec![
        format!("msg_part_cancelled_{seated}_1"),
        format!("msg_part_cancelled_{standing}_1"),
        format!("msg_part_cancelled_{standing}_2"),
        format!("msg_part_refunded_{seated}_1"),
        format!("msg_part_refunded_{standing}_1"),
        format!("msg_part_refunded_{standing}_2"),
    ];
    for word in ["confirmed", "cancelled", "refunded"] {
        expected.extend([format!("msg_{word}_{seated}"), format!("msg_{word}_{standing}")]);
    }
    expected.sort();
    assert_eq!(till.database().texts(told).await, expected);
}

#[tokio::test(flavor = "current_thread")]
async fn a_buyer_who_gave_up_a_part_may_buy_as_much_again() {
    let till = Till::open().await;
    let sale = SaleChange { max_per_buyer: Some(3), ..SaleChange::default() };
    let change = EventChange { sale: Some(sale), ..EventChange::default() };
    till.stage.change(change).await;
    let user = UserId::from_uuid(Uuid::now_v7());
    let section = "F".parse().unwrap();
    let choice = |quantity| Choice::Section { section: &section, quantity };
    let booking = till.stage.hold_for(user, choice(3)).await.unwrap();
    till.pay(booking).await;
    till.finish().await;
    assert!(till.stage.hold_for(user, choice(1)).await.is_err());
    give_up(&till.stage, booking, &Part::Quantity(2)).await;
    till.finish().await;
    let again = till.stage.hold_for(user, choice(2)).await.unwrap();
    till.pay(again).await;
    till.finish().await;
    assert_eq!(till.stage.status(again).await, BookingStatus::Confirmed);
    assert!(till.stage.hold_for(user, choice(1)).await.is_err());
    till.balance().await;
}

/// The share waits until the money is taken; it is never asked for before.
#[tokio::test(flavor = "current_thread")]
async fn a_part_that_is_given_up_before_the_money_is_taken_goes_back_after_that() {
    let till = Till::open().await;
    let booking = hold_three(&till.stage, 1).await;
    let payment = till.pay(booking).await;
    till.tell("payment_intent.amount_capturable_updated", &payment).await;
    assert_eq!(till.stage.status(booking).await, BookingStatus::Confirmed);
    given_up(give_up(&till.stage, booking, &seats(&["A-1-1", "A-1-2"])).await);
    assert_eq!(till.saga(&payment).await, "capture running");
    till.finish().await;
    let intent = till.intent(&payment).await;
    assert_eq!((intent.captured, intent.refunded), (15_000, 10_000));
    assert_eq!(till.saga(&payment).await, "done done");
    till.balance().await;
}

/// The authorisation ends before it is taken: nothing was paid, and nothing goes back.
#[tokio::test(flavor = "current_thread")]
async fn a_share_of_money_that_was_never_taken_does_not_go_back() {
    let till = Till::open().await;
    let booking = hold_three(&till.stage, 1).await;
    let payment = till.pay(booking).await;
    till.tell("payment_intent.amount_capturable_updated", &payment).await;
    given_up(give_up(&till.stage, booking, &seats(&["A-1-1"])).await);
    till.controls.cancel(&payment).await.unwrap();
    till.finish().await;
    let intent = till.intent(&payment).await;
    assert_eq!((intent.captured, intent.refunded), (0, 0));
    assert_eq!(till.stage.status(booking).await, BookingStatus::Cancelled);
    assert_eq!(till.stage.counts().await, (20, 0, 0));
    till.balance().await;
}

/// What is sold at the cash desk has no payment; what is free has no share.
#[tokio::test(flavor = "current_thread")]
async fn a_part_that_nobody_paid_here_becomes_free_and_moves_no_money() {
    let till = Till::open().await;
    let booking = hold_three(&till.stage, 1).await;
    till.stage.confirm(booking).await;
    let left = given_up(give_up(&till.stage, booking, &seats(&["A-1-1"])).await);
    assert_eq!((left.quantity, left.amount), (2, 10_000));
    till.finish().await;
    assert_eq!(till.stage.counts().await, (18, 0, 2));
    assert_eq!(till.controls.ledger().await.unwrap().calls("refund"), 0);
    audit_is_clean(&till.stage).await;
}

#[tokio::test(flavor = "current_thread")]
async fn only_a_part_of_a_sale_is_given_up_and_by_its_owner_only_before_the_start() {
    let till = Till::open().await;
    let stage = &till.stage;
    let (held, sold) = (hold_three(stage, 1).await, hold_three(stage, 2).await);
    let standing = stage.hold_standing(2).await;
    stage.confirm(sold).await;
    stage.confirm(standing).await;
    let outcome = give_up(stage, held, &seats(&["A-1-1"])).await;
    let GiveUpOutcome::NotConfirmed(found) = outcome else { panic!("{outcome:?}") };
    assert_eq!(found.status, BookingStatus::Reserved);
    let not_its = give_up(stage, sold, &seats(&["A-2-1", "A-1-1"])).await;
    assert_eq!(not_its, GiveUpOutcome::NotItsSeats);
    assert_eq!(give_up(stage, sold, &Part::Quantity(1)).await, GiveUpOutcome::OtherKind);
    assert_eq!(give_up(stage, standing, &seats(&["A-1-1"])).await, GiveUpOutcome::OtherKind);
    assert_eq!(give_up(stage, standing, &Part::Quantity(3)).await, GiveUpOutcome::TooMany);
    let unknown = BookingId::new(stage.event, Uuid::now_v7());
    let unknown = Booking { booking_id: unknown, ..stage.booking(sold).await };
    let missing = give_up_part(&stage.stores, &unknown, &seats(&["A-2-1"]), true).await.unwrap();
    assert_eq!(missing, GiveUpOutcome::Missing);
    let begin = "UPDATE boxoffice.events SET starts_at = now() - interval '1 s'";
    till.database().execute(begin).await;
    assert_eq!(give_up(stage, sold, &seats(&["A-2-1"])).await, GiveUpOutcome::OwnerTooLate);
    assert_eq!(stage.counts().await, (12, 3, 5));
    let found = stage.booking(sold).await;
    let by_organiser = give_up_part(&stage.stores, &found, &seats(&["A-2-1"]), false).await;
    assert_eq!(given_up(by_organiser.unwrap()).quantity, 2);
    assert_eq!(stage.counts().await, (13, 3, 4));
}

/// Postgres has taken the part in, and the process died before Redis knew.
#[tokio::test(flavor = "current_thread")]
async fn a_part_that_stopped_half_way_is_continued_and_freed_once() {
    let till = Till::open().await;
    let (seated, standing) = (hold_three(&till.stage, 1).await, till.stage.hold_standing(4).await);
    for (booking, part) in [(seated, seats(&["A-1-3"])), (standing, Part::Quantity(1))] {
        till.stage.confirm(booking).await;
        let part = &part;
        let request = ledger::GiveUpPart { booking, by_owner: true, part, multiple_of: 1 };
        ledger::give_up_part(till.database(), &request).await.unwrap();
    }
    assert_eq!(till.stage.counts().await, (13, 0, 7));
    for _ in 0..3 {
        till.finish().await;
        assert_eq!(till.stage.counts().await, (15, 0, 5));
    }
    audit_is_clean(&till.stage).await;
}

/// Redis loses the event between the part and its saga: what is restored is what is left already.
#[tokio::test(flavor = "current_thread")]
async fn a_part_is_not_freed_again_of_a_sale_that_was_restored_without_it() {
    let till = Till::open().await;
    let booking = till.stage.hold_standing(4).await;
    till.stage.confirm(booking).await;
    for lost_before in [false, true] {
        if lost_before {
            till.stage.lose_redis().await;
            assert_eq!(till.stage.counts().await.2, 3);
        }
        let part = &Part::Quantity(1);
        let request = ledger::GiveUpPart { booking, by_owner: true, part, multiple_of: 1 };
        ledger::give_up_part(till.database(), &request).await.unwrap();
        if !lost_before {
            till.stage.lose_redis().await;
        }
        till.stage.counts().await;
        till.finish().await;
        let sold = if lost_before { 2 } else { 3 };
        assert_eq!(till.stage.counts().await, (20 - sold, 0, sold), "{lost_before}");
        audit_is_clean(&till.stage).await;
    }
}

/// The process dies between any two calls of a store or of the provider.
#[tokio::test(flavor = "current_thread")]
async fn a_part_survives_a_crash_at_every_moment() {
    let till = Till::open_with(SECTIONS).await;
    let fuse = Rc::new(Fuse::default());
    let mut row = 0;
    let mut has_finished = false;
    while !has_finished {
        assert!(row < MOMENTS_MAX, "the run does not end");
        let moment = row;
        row += 1;
        let booking = hold_three(&till.stage, row).await;
        let payment = till.pay(booking).await;
        till.finish().await;
        let found = till.stage.booking(booking).await;
        let part = seats(&[&format!("A-{row}-1"), &format!("A-{row}-2")]);
        let stores = fused_stores(till.stage.database_url(), &fuse).await;
        let provider = till.provider_over(Fused::new(NativeHttp::new(), &fuse));
        let jobs = jobs(&provider);
        let work = async {
            give_up_part(&stores, &found, &part, true).await.unwrap();
            till.hurry().await;
            run_sagas(&stores, &jobs, &|| true).await;
        };
        has_finished = fuse.run(Some(moment), work).await.is_some();
        // Who got no answer asks again.
        given_up(give_up(&till.stage, booking, &part).await);
        till.finish().await;
        let intent = till.intent(&payment).await;
        assert_eq!((intent.refunded, intent.refunds), (10_000, 1), "{moment}: {intent:?}");
        assert_eq!(till.state(&payment).await, KEPT, "{moment}");
        assert_eq!(till.stage.booking(booking).await.quantity, 1, "{moment}");
    }
    assert!(row > 8, "the run has more moments than {row}");
    till.balance().await;
    audit_is_clean(&till.stage).await;
}

/// What else may happen to a booking while the share of a part of it goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// Another part.
    AnotherPart,
    /// The whole booking.
    WholeBooking,
    /// Its event.
    Event,
    /// Another worker, on the same payment.
    Worker,
    /// Staff refund the same amount by hand.
    SameByHand,
    /// Staff refund everything by hand.
    AllByHand,
}

/// Whatever happens beside the refund of a part, at any of its moments: nothing goes back twice,
/// and what went back and what is kept is what was paid.
#[tokio::test(flavor = "current_thread")]
async fn whatever_happens_beside_a_part_its_share_goes_back_once() {
    let fuse = Rc::new(Fuse::default());
    for beside in [
        Beside::AnotherPart,
        Beside::WholeBooking,
        Beside::Worker,
        Beside::SameByHand,
        Beside::AllByHand,
        Beside::Event,
    ] {
        let mut till = Till::open_with(SECTIONS).await;
        let mut was_reached = true;
        let mut row = 0;
        while was_reached {
            assert!(row < MOMENTS_MAX, "the run does not end");
            let moment = row;
            row += 1;
            if beside == Beside::Event {
                till = till.for_another_event().await;
            }
            let booking_row = if beside == Beside::Event { 1 } else { row };
            let booking = hold_three(&till.stage, booking_row).await;
            let payment = till.pay(booking).await;
            till.finish().await;
            let first = seats(&[&format!("A-{booking_row}-1")]);
            let second = seats(&[&format!("A-{booking_row}-2")]);
            let found = till.stage.booking(booking).await;
            let stores = fused_stores(till.stage.database_url(), &fuse).await;
            let provider = till.provider_over(Fused::new(NativeHttp::new(), &fuse));
            let jobs = jobs(&provider);
            let work = async {
                give_up_part(&stores, &found, &first, true).await.unwrap();
                till.hurry().await;
                run_sagas(&stores, &jobs, &|| true).await;
            };
            let other = async {
                match beside {
                    Beside::AnotherPart => {
                        give_up_part(&till.stage.stores, &found, &second, true).await.unwrap();
                    }
                    Beside::WholeBooking => {
                        cancel_booking(&till.stage.stores, booking, true).await.unwrap();
                    }
                    Beside::Event => {
                        let stage = &till.stage;
                        cancel_event(&stage.stores, stage.event).await.unwrap().unwrap();
                    }
                    Beside::Worker => {}
                    Beside::SameByHand => refund_by_hand(&till, &payment, Some(5_000)).await,
                    Beside::AllByHand => refund_by_hand(&till, &payment, None).await,
                }
                till.work().await;
            };
            was_reached = fuse.interleave(moment, work, other).await;
            till.finish().await;
            // A webhook, or the list of refunds, tells what staff did.
            till.tell("charge.refunded", &payment).await;
            till.finish().await;
            let intent = till.intent(&payment).await;
            let kept = match beside {
                Beside::AnotherPart | Beside::SameByHand => 5_000,
                Beside::Worker => 10_000,
                Beside::WholeBooking | Beside::Event | Beside::AllByHand => 0,
            };
            let what = format!("{beside:?} at {moment}: {intent:?}");
            assert_eq!(intent.captured - intent.refunded, kept, "{what}");
            let names: std::collections::BTreeSet<_> =
                intent.parts.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), intent.parts.len(), "{what}");
            let state = if kept == 0 { GIVEN_BACK } else { KEPT };
            assert_eq!(till.state(&payment).await, state, "{what}");
            let booking = till.stage.booking(booking).await;
            let (status, amount) = match beside {
                Beside::AnotherPart => (BookingStatus::Confirmed, 5_000),
                // What staff gave back is a favour: the booking keeps its price.
                Beside::Worker | Beside::SameByHand => (BookingStatus::Confirmed, 10_000),
                _ => (BookingStatus::Refunded, booking.amount),
            };
            assert_eq!((booking.status, booking.amount), (status, amount), "{what}");
            assert!(till.payment(&payment).await.owed_part.is_none() || kept == 0, "{what}");
        }
        audit_is_clean(&till.stage).await;
        assert!(row > 8, "{beside:?}: the run has more moments than {row}");
    }
}

async fn refund_by_hand(till: &Till, payment: &str, amount: Option<i64>) {
    // The provider refuses what is back already.
    let _ = till.controls.refund(payment, amount).await;
}

fn jobs<H: provider::HttpTransport>(provider: &provider::Provider<H>) -> WorkerContext<'_, H> {
    let now = || Instant::from_unix_ms(1_800_000_000_000);
    let mail = sale::Mail::None;
    WorkerContext { provider, livemode: false, sink: None, mail, random: || 7, now }
}

/// Whatever the provider answers, or does not, a share goes back once.
#[tokio::test(flavor = "current_thread")]
async fn a_provider_in_trouble_gives_a_share_back_once() {
    let till = Till::open_with(SECTIONS).await;
    for (row, fault) in (1..).zip([
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::Conflict,
        FaultKind::RateLimited,
        FaultKind::ErrorSaved,
        FaultKind::ErrorApplied,
    ]) {
        let booking = hold_three(&till.stage, row).await;
        let payment = till.pay(booking).await;
        till.finish().await;
        let calls = vec![CallFault::new(Operation::Refund, fault).about(&payment).times(2)];
        till.controls.add_faults(&Faults { calls, ..Faults::default() }).await.unwrap();
        // The same amount, given back by staff: the share is not taken for it.
        given_up(give_up(&till.stage, booking, &seats(&[&format!("A-{row}-1")])).await);
        till.finish().await;
        till.finish().await;
        let intent = till.intent(&payment).await;
        assert_eq!((intent.refunded, intent.refunds), (5_000, 1), "{fault:?}: {intent:?}");
        assert_eq!(till.saga(&payment).await, "done done", "{fault:?}");
    }
    till.balance().await;
}

/// Staff have given back so much that the share is no more there: an operator has to look.
#[tokio::test(flavor = "current_thread")]
async fn a_share_that_the_provider_does_not_have_any_more_is_for_an_operator() {
    let till = Till::open().await;
    let booking = hold_three(&till.stage, 1).await;
    let payment = till.pay(booking).await;
    till.finish().await;
    till.controls.refund(&payment, Some(12_000)).await.unwrap();
    given_up(give_up(&till.stage, booking, &seats(&["A-1-1"])).await);
    till.finish().await;
    assert_eq!(till.saga(&payment).await, "refund_part dead");
    assert_eq!(till.intent(&payment).await.refunded, 12_000);
    // The rest of the booking is cancelled all the same, and what is there goes back.
    cancel_booking(&till.stage.stores, booking, true).await.unwrap();
    till.finish().await;
    assert_eq!(till.intent(&payment).await.refunded, 15_000);
    assert_eq!(till.state(&payment).await, GIVEN_BACK);
}
