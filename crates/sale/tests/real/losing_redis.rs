//! Redis loses an event; it is built again from Postgres.

use domain::booking::BookingStatus;
use sale::{ConfirmSaleOutcome, drain_journal, open_event};
use scripts::{Choice, ReserveOutcome};

use crate::stage::Stage;

#[tokio::test(flavor = "current_thread")]
async fn sold_seats_are_still_sold_after_redis_has_lost_the_event() {
    let stage = Stage::open().await;
    let (seat, standing) = (stage.hold_seat(2, 4).await, stage.hold_standing(7).await);
    for booking in [seat, standing] {
        assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    }
    stage.lose_redis().await;
    assert_eq!(stage.counts().await, (12, 0, 8));
    let section = "A".parse().unwrap();
    let again = stage.hold(Choice::Seats { section: &section, seats: &[(2, 4)] }).await;
    let Err(ReserveOutcome::SeatUnavailable { seats }) = again else { panic!("{again:?}") };
    assert_eq!(seats.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A-2-4"]);
    let section = "F".parse().unwrap();
    let too_many = stage.hold(Choice::Section { section: &section, quantity: 4 }).await;
    assert!(matches!(too_many, Err(ReserveOutcome::NotEnoughSeats)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_payment_of_a_lost_hold_takes_the_seats_again() {
    let stage = Stage::open().await;
    let booking = stage.hold_seat(1, 1).await;
    drain_journal(&stage.stores, stage.event).await.unwrap();
    stage.lose_redis().await;
    assert_eq!(stage.confirm(booking).await, ConfirmSaleOutcome::Confirmed);
    assert_eq!(stage.status(booking).await, BookingStatus::Confirmed);
    assert_eq!(stage.counts().await, (19, 0, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn opening_an_open_event_changes_nothing() {
    let stage = Stage::open().await;
    stage.hold_seat(1, 1).await;
    assert_eq!(open_event(&stage.stores, stage.event).await, Ok(true));
    assert_eq!(stage.counts().await, (19, 1, 0));
    let unknown = domain::id::EventId::from_uuid(uuid::Uuid::now_v7());
    assert_eq!(open_event(&stage.stores, unknown).await, Ok(false));
}
