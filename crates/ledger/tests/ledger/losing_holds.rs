//! Comparing what Redis knows of holds.

use domain::booking::BookingStatus;
use domain::journal::{JournalEntry, JournalKind};
use domain::time::Instant;
use ledger::{
    HOLDS_COMPARED_MAX, KnownHolds, compare_reserved, drain_journal, expire_lost_holds,
    find_booking,
};

use crate::support::{confirm, fresh, new_event, seats};

#[tokio::test]
async fn each_booking_is_compared_in_its_range() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut holds: Vec<_> =
        (1..=5).map(|number| seats(event, &[&format!("A-1-{number}")])).collect();
    for hold in &mut holds {
        hold.expires_at = Instant::from_unix_ms(4_000_000_000_000);
    }
    holds.sort_by_key(|facts| facts.booking_id.to_string());
    let entry = |kind, facts| JournalEntry { kind, booking: facts };
    let reserved: Vec<_> =
        holds.iter().map(|facts| entry(JournalKind::Reserved, facts.clone())).collect();
    drain_journal(&database, &reserved).await.unwrap();
    let id = |index: usize| holds[index].booking_id.to_string();
    let lost = async |seen: KnownHolds| {
        let found = compare_reserved(&database, event, seen).await.unwrap();
        assert_eq!(found.ended, []);
        let lost = found.lost.iter().map(|lost| {
            assert!(holds.contains(&lost.booking));
            lost.booking.booking_id.to_string()
        });
        lost.collect::<Vec<_>>()
    };
    assert_eq!(lost(KnownHolds::default()).await, [id(0), id(1), id(2), id(3), id(4)]);
    let (held, known) = (vec![id(1)], vec![id(3)]);
    let all = KnownHolds { held, known, ..KnownHolds::default() };
    assert_eq!(lost(all.clone()).await, [id(0), id(2), id(4)]);
    let first = KnownHolds { until: Some(id(2)), ..all.clone() };
    assert_eq!(lost(first).await, [id(0), id(2)]);
    let second = KnownHolds { after: Some(id(2)), ..all };
    assert_eq!(lost(second).await, [id(4)]);
}

#[tokio::test]
async fn what_is_over_is_told_of_holds_only() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let [released, sold, live, other] =
        [1, 2, 3, 4].map(|number| seats(event, &[&format!("A-1-{number}")]));
    let kinds =
        [JournalKind::Released, JournalKind::Reserved, JournalKind::Reserved, JournalKind::Expired];
    let entries = kinds.into_iter().zip([&released, &sold, &live, &other]);
    let entries: Vec<_> =
        entries.map(|(kind, facts)| JournalEntry { kind, booking: facts.clone() }).collect();
    drain_journal(&database, &entries).await.unwrap();
    confirm(&database, &sold).await;
    let held = [&released, &sold, &live].map(|facts| facts.booking_id.to_string()).to_vec();
    let known = vec![other.booking_id.to_string()];
    let seen = KnownHolds { held, known, ..KnownHolds::default() };
    let found = compare_reserved(&database, event, seen).await.unwrap();
    assert_eq!((found.lost, found.ended), (vec![], vec![released.booking_id]));

    let ids = [&released, &sold, &live].map(|facts| facts.booking_id);
    assert_eq!(expire_lost_holds(&database, &ids).await.unwrap(), 1);
    for (facts, status) in [
        (&released, BookingStatus::Released),
        (&sold, BookingStatus::Confirmed),
        (&live, BookingStatus::Expired),
    ] {
        assert_eq!(
            find_booking(&database, facts.booking_id).await.unwrap().unwrap().status,
            status
        );
    }
}

#[tokio::test]
async fn the_number_of_bookings_is_bounded() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let held = vec![String::new(); HOLDS_COMPARED_MAX + 1];
    let seen = KnownHolds { held, ..KnownHolds::default() };
    compare_reserved(&database, event, seen).await.unwrap_err();
}
