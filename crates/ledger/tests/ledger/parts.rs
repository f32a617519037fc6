//! Parts of sales that are given up: decided once, in the statement that makes them smaller.

use std::collections::HashMap;

use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::part::Part;
use domain::payment::{PaymentNews, PaymentStep, ProviderState};
use ledger::{
    CancelBookingOutcome, ConfirmOutcome, GiveUpPart, GiveUpPartOutcome, SagaProgress,
    begin_refund, cancel_booking, cancel_event, cancel_event_bookings, claim_due_sagas,
    find_booking, find_payment, note_part_refund, note_saga, sold_places,
};

use crate::payments::{authorise, pay};
use crate::provider_events::{news, saga, tell};
use crate::support::{
    Connection, TestDatabase, confirm, fresh, new_event, new_event_with, seats, sell, standing,
};

fn named(labels: &[&str]) -> Part {
    Part::Seats(labels.iter().map(|label| label.parse().unwrap()).collect())
}

async fn give_up_of(
    database: &Connection,
    facts: &Booking,
    part: &Part,
    multiple_of: i64,
) -> GiveUpPartOutcome {
    let request = GiveUpPart { booking: facts.booking_id, by_owner: true, part, multiple_of };
    ledger::give_up_part(database, &request).await.unwrap()
}

async fn give_up(database: &Connection, facts: &Booking, part: &Part) -> GiveUpPartOutcome {
    give_up_of(database, facts, part, 1).await
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    /// 0 to `end - 1`.
    fn below(&mut self, end: usize) -> usize {
        // A linear congruential generator; its low bits are poor.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % end
    }
}

/// Buyers may own as much as they like.
async fn lift_limit(database: &Connection) {
    let sql = "UPDATE boxoffice.events SET sale = sale || '{\"max_per_buyer\": 1000}'";
    database.execute(sql).await;
}

/// Paid by `pi_1`, whose money is taken.
async fn buy(database: &Connection, facts: &Booking) {
    authorise(database, facts, "pi_1").await;
    assert_eq!(pay(database, facts, "pi_1").await, ConfirmOutcome::Confirmed);
    tell(database, &news(facts, ProviderState::Captured)).await;
}

#[tokio::test]
async fn a_part_takes_its_places_and_its_share_out_of_the_booking() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1", "A-1-2", "A-1-10"]);
    buy(&database, &facts).await;
    assert_eq!(saga(&database).await, ["done done"]);
    let part = named(&["A-1-2"]);
    assert_eq!(give_up(&database, &facts, &part).await, GiveUpPartOutcome::GivenUp);
    assert_eq!(give_up(&database, &facts, &part).await, GiveUpPartOutcome::AlreadyGivenUp);
    let left = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
    assert_eq!(left.seat_labels(), ["A-1-1", "A-1-10"]);
    assert_eq!((left.quantity, left.amount), (2, 10_000));
    assert_eq!(left.status, BookingStatus::Confirmed);
    let places = sold_places(&database, facts.booking_id).await.unwrap().unwrap();
    assert_eq!((places.booking, places.as_sold.seats), (left, facts.seats.clone()));
    assert_eq!(places.as_sold.quantity, 3);
    let tickets = "SELECT seat FROM boxoffice.tickets ORDER BY seat COLLATE \"C\"";
    assert_eq!(database.texts(tickets).await, ["A-1-1", "A-1-10"]);
    assert_eq!(saga(&database).await, ["refund_part running"]);
    let payment = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!(payment.step(), PaymentStep::RefundPart);
    let owed = payment.owed_part.unwrap();
    assert_eq!((owed.part, owed.amount), (1, 5_000));
    assert_eq!(owed.refund_key(), format!("{}-1", facts.booking_id));
    assert!(note_part_refund(&database, &owed, "re_1").await.unwrap());
    assert!(!note_part_refund(&database, &owed, "re_1").await.unwrap());
    let payment = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!((payment.step(), payment.owed_part), (PaymentStep::Done, None));
    // The seat is for sale, and what is left names no seat of another.
    let other = seats(facts.event_id, &["A-1-2"]);
    assert_eq!(confirm(&database, &other).await, ConfirmOutcome::Confirmed);
    assert_eq!(give_up(&database, &facts, &part).await, GiveUpPartOutcome::AlreadyGivenUp);
    let mixed = named(&["A-1-2", "A-1-10"]);
    assert_eq!(give_up(&database, &facts, &mixed).await, GiveUpPartOutcome::GivenUp);
    assert_eq!(database.texts(tickets).await, ["A-1-1", "A-1-2"]);
    // Seats of all parts together are the whole booking.
    let rest = named(&["A-1-1", "A-1-2", "A-1-10"]);
    assert_eq!(give_up(&database, &facts, &rest).await, GiveUpPartOutcome::Cancelled);
    assert_eq!(give_up(&database, &facts, &rest).await, GiveUpPartOutcome::AlreadyCancelled);
    assert_eq!(database.texts(tickets).await, ["A-1-2"]);
}

#[tokio::test]
async fn what_is_no_part_of_a_sale_is_refused() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let (seated, places) = (seats(event, &["A-1-1", "A-1-2"]), standing(event, 3));
    let one = named(&["A-1-1"]);
    assert_eq!(give_up(&database, &seated, &one).await, GiveUpPartOutcome::BookingMissing);
    for facts in [&seated, &places] {
        assert_eq!(confirm(&database, facts).await, ConfirmOutcome::Confirmed);
    }
    for (facts, part, outcome) in [
        (&seated, named(&["A-1-3"]), GiveUpPartOutcome::NotItsSeats),
        (&seated, named(&["A-1-1", "A-1-3"]), GiveUpPartOutcome::NotItsSeats),
        (&seated, Part::Quantity(1), GiveUpPartOutcome::OtherKind),
        (&places, named(&["A-1-1"]), GiveUpPartOutcome::OtherKind),
        (&places, Part::Quantity(4), GiveUpPartOutcome::TooMany),
    ] {
        assert_eq!(give_up(&database, facts, &part).await, outcome, "{part:?}");
    }
    database.execute("UPDATE boxoffice.events SET starts_at = now() - interval '1 s'").await;
    assert_eq!(give_up(&database, &seated, &one).await, GiveUpPartOutcome::OwnerTooLate);
    let (booking, part) = (seated.booking_id, &one);
    let request = GiveUpPart { booking, by_owner: false, part, multiple_of: 1 };
    let by_organiser = ledger::give_up_part(&database, &request).await.unwrap();
    assert_eq!(by_organiser, GiveUpPartOutcome::GivenUp);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 4);
    let count = "SELECT standing_sold FROM boxoffice.sections WHERE kind = 'standing'";
    assert_eq!(database.number(count).await, 3);
}

/// A hold that Redis still has says more than what is left of its sale: it is the same booking.
#[tokio::test]
async fn a_sale_that_gave_up_a_part_is_told_again_and_stays() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1", "A-1-2"]);
    buy(&database, &facts).await;
    give_up(&database, &facts, &named(&["A-1-1"])).await;
    assert_eq!(pay(&database, &facts, "pi_1").await, ConfirmOutcome::AlreadyConfirmed);
    assert_eq!(confirm(&database, &facts).await, ConfirmOutcome::AlreadyConfirmed);
    let other = Booking { user_id: crate::support::new_user(), ..facts.clone() };
    assert_eq!(confirm(&database, &other).await, ConfirmOutcome::BookingDiffers);
    assert_eq!(database.texts("SELECT seat FROM boxoffice.tickets").await, ["A-1-2"]);
}

#[tokio::test]
async fn what_was_given_up_may_be_bought_again_within_the_limit() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let facts = standing(event, 4);
    assert_eq!(sell(&database, &facts, SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    let more = |quantity| Booking { user_id: facts.user_id, ..standing(event, quantity) };
    let refused = sell(&database, &more(1), SoldBy::Owner).await;
    assert_eq!(refused, ConfirmOutcome::BuyerLimitExceeded);
    give_up(&database, &facts, &Part::Quantity(2)).await;
    assert_eq!(sell(&database, &more(2), SoldBy::Owner).await, ConfirmOutcome::Confirmed);
    let refused = sell(&database, &more(1), SoldBy::Owner).await;
    assert_eq!(refused, ConfirmOutcome::BuyerLimitExceeded);
}

/// Any sequence of parts: what went back and what is kept is what was paid, each share can be
/// refunded, and the end takes along what was rounded off.
#[tokio::test]
async fn shares_and_what_is_left_are_together_what_was_paid() {
    let database = fresh().await;
    let sections = r#"[{"name": "FLOOR", "kind": "standing", "capacity": 100000, "price": 1}]"#;
    let event = new_event_with(&database, sections).await;
    lift_limit(&database).await;
    let mut random = Random(7);
    for round in 0..150 {
        let multiple_of = [1, 10, 100][random.below(3)];
        let quantity = 2 + random.below(9) as u32;
        let paid = match random.below(4) {
            0 => 1 + random.below(50) as i64,
            1 => 99_999_999,
            _ => 1 + random.below(1_000_000) as i64,
        } * multiple_of;
        let facts = Booking { amount: paid, ..standing(event, quantity) };
        let payment = format!("pi_{round}");
        authorise(&database, &facts, &payment).await;
        assert_eq!(pay(&database, &facts, &payment).await, ConfirmOutcome::Confirmed);
        let captured = news(&facts, ProviderState::Captured);
        tell(&database, &PaymentNews { payment: payment.clone(), ..captured }).await;
        let mut left = quantity;
        while left > 1 && random.below(10) > 0 {
            let gone = 1 + random.below(left as usize - 1) as u32;
            let before = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
            let part = Part::Quantity(gone);
            let outcome = give_up_of(&database, &facts, &part, multiple_of).await;
            assert_eq!(outcome, GiveUpPartOutcome::GivenUp);
            left -= gone;
            let after = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
            let share = before.amount - after.amount;
            let exact = i128::from(before.amount) * i128::from(gone) / i128::from(before.quantity);
            assert_eq!(share % multiple_of, 0);
            assert!((0..i128::from(multiple_of)).contains(&(exact - i128::from(share))), "{share}");
        }
        let of = |sql: &str| sql.replace("$", &format!("'{}'", facts.booking_id));
        let shares = "SELECT coalesce(sum(amount), 0)::bigint FROM boxoffice.given_up_parts
            WHERE booking_id = $";
        let kept = "SELECT amount FROM boxoffice.bookings WHERE id = $";
        let shares = database.number(&of(shares)).await;
        assert_eq!(shares + database.number(&of(kept)).await, paid);
        let tickets = "SELECT count(*) FROM boxoffice.tickets WHERE booking_id = $";
        assert_eq!(database.number(&of(tickets)).await, i64::from(left));
        let unowed = "SELECT count(*) FROM boxoffice.given_up_parts
            WHERE booking_id = $ AND (payment_id IS NULL) <> (amount = 0)";
        assert_eq!(database.number(&of(unowed)).await, 0);
        if random.below(2) == 0 {
            let all = cancel_booking(&database, facts.booking_id, true).await.unwrap();
            assert_eq!(all, CancelBookingOutcome::Cancelled);
            let rest = begin_refund(&database, &payment).await.unwrap().unwrap();
            assert_eq!(shares + rest, paid);
        }
    }
    let sold = "SELECT standing_sold - (SELECT count(*) FROM boxoffice.tickets)
        FROM boxoffice.sections";
    assert_eq!(database.number(sold).await, 0);
}

/// An application of the release before knows no shares: it takes such a payment for done.
#[tokio::test]
async fn a_worker_that_knows_no_shares_does_not_end_the_saga() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1", "A-1-2"]);
    buy(&database, &facts).await;
    give_up(&database, &facts, &named(&["A-1-1"])).await;
    let due = claim_due_sagas(&database, 10).await.unwrap();
    let due = due.iter().find(|due| due.id == "payment:pi_1").unwrap();
    assert!(note_saga(&database, &due.id, due.revision, &SagaProgress::Done).await.unwrap());
    assert_eq!(saga(&database).await.len(), 1);
    let status = "SELECT status FROM boxoffice.sagas WHERE id = 'payment:pi_1'";
    assert_eq!(database.texts(status).await, ["running"]);
    // Once it is back, the saga ends.
    let owed = find_payment(&database, "pi_1").await.unwrap().unwrap().owed_part.unwrap();
    note_part_refund(&database, &owed, "re_1").await.unwrap();
    database.execute("UPDATE boxoffice.sagas SET due_at = now()").await;
    let due = claim_due_sagas(&database, 10).await.unwrap();
    let due = due.iter().find(|due| due.id == "payment:pi_1").unwrap();
    assert!(note_saga(&database, &due.id, due.revision, &SagaProgress::Done).await.unwrap());
    assert_eq!(database.texts(status).await, ["done"]);
}

/// The money went back as a whole, by hand or because all was cancelled: no share is owed any more.
#[tokio::test]
async fn a_share_goes_back_with_the_whole_payment() {
    let database = fresh().await;
    let facts = seats(new_event(&database).await, &["A-1-1", "A-1-2"]);
    buy(&database, &facts).await;
    give_up(&database, &facts, &named(&["A-1-1"])).await;
    tell(
        &database,
        &PaymentNews { amount_refunded: 5_000, ..news(&facts, ProviderState::Captured) },
    )
    .await;
    let half = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!((half.amount_refunded, half.step()), (5_000, PaymentStep::RefundPart));
    tell(&database, &news(&facts, ProviderState::Refunded)).await;
    let payment = find_payment(&database, "pi_1").await.unwrap().unwrap();
    assert_eq!((payment.step(), payment.owed_part), (PaymentStep::Done, None));
    let booking = find_booking(&database, facts.booking_id).await.unwrap().unwrap();
    assert_eq!(booking.status, BookingStatus::Refunded);
    assert_eq!(database.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
}

/// Parts, the whole booking and its event at the same moment: each place is given up once.
#[tokio::test]
async fn parts_at_the_same_moment_are_given_up_one_after_the_other() {
    let databases = TestDatabase::create().await;
    let first = databases.connect().await;
    for beside in ["parts", "cancel", "event"] {
        let facts = standing(new_event(&first).await, 10);
        lift_limit(&first).await;
        let payment = format!("pi_{beside}");
        authorise(&first, &facts, &payment).await;
        assert_eq!(pay(&first, &facts, &payment).await, ConfirmOutcome::Confirmed);
        let tasks: Vec<_> = databases
            .connect_many(14)
            .await
            .into_iter()
            .enumerate()
            .map(|(number, database)| {
                let facts = facts.clone();
                tokio::spawn(async move {
                    match (number, beside) {
                        (7, "cancel") => {
                            cancel_booking(&database, facts.booking_id, true).await.unwrap();
                            None
                        }
                        (7, "event") => {
                            cancel_event(&database, facts.event_id).await.unwrap();
                            cancel_event_bookings(&database, facts.event_id).await.unwrap();
                            None
                        }
                        _ => Some(give_up(&database, &facts, &Part::Quantity(1)).await),
                    }
                })
            })
            .collect();
        let mut outcomes = HashMap::new();
        for task in tasks {
            if let Some(outcome) = task.await.unwrap() {
                *outcomes.entry(outcome).or_insert(0) += 1;
            }
        }
        let of = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
        if beside == "parts" {
            assert_eq!(of(GiveUpPartOutcome::GivenUp), 9, "{outcomes:?}");
            assert_eq!(of(GiveUpPartOutcome::Cancelled), 1, "{outcomes:?}");
            assert_eq!(of(GiveUpPartOutcome::AlreadyCancelled), 4, "{outcomes:?}");
        }
        if beside == "event" {
            // Left for the next batch when a part had it in hand.
            cancel_event_bookings(&first, facts.event_id).await.unwrap();
        }
        let booking = find_booking(&first, facts.booking_id).await.unwrap().unwrap();
        assert_eq!(booking.status, BookingStatus::Cancelled, "{beside}");
        let of_booking = |sql: &str| sql.replace("$", &format!("'{}'", facts.booking_id));
        let shares = "SELECT coalesce(sum(amount), 0)::bigint FROM boxoffice.given_up_parts
            WHERE booking_id = $";
        let shares = first.number(&of_booking(shares)).await;
        assert_eq!(shares, 3_500 * i64::from(of(GiveUpPartOutcome::GivenUp)), "{beside}");
        assert_eq!(shares + booking.amount, 35_000, "{beside}");
    }
    assert_eq!(first.number("SELECT count(*) FROM boxoffice.tickets").await, 0);
    let sold = "SELECT sum(standing_sold)::bigint FROM boxoffice.sections";
    assert_eq!(first.number(sold).await, 0);
}
