//! The draw: what is published of it, and when.

use domain::draw::{commitment, seed_to_hex};
use ledger::{CreateEvent, Drawn, PublishedDraw, create_event, find_draw, find_event, fix_draw};

use crate::support::{Connection, NOW, SECTIONS, SEED, fresh, new_event, new_event_id, wanted};

/// An event whose sale opens in the far future.
async fn later_event(database: &Connection) -> domain::id::EventId {
    let event = new_event_id();
    let mut wanted = wanted(SECTIONS);
    wanted.on_sale_at = Some(wanted.starts_at);
    let request = CreateEvent { event, wanted: &wanted, draw_seed: &SEED, idempotency: None };
    create_event(database, &request).await.unwrap();
    event
}

#[tokio::test]
async fn the_seed_is_told_once_the_count_stands_and_the_first_count_stays() {
    let database = fresh().await;
    let event = later_event(&database).await;
    let promise = seed_to_hex(&commitment(&SEED));
    let before = PublishedDraw { commitment: promise.clone(), drawn: None };
    assert_eq!(find_draw(&database, event).await, Ok(Some(before)));
    // Not even to the application, whatever it would make of it.
    let told = format!("SELECT count(seed) FROM boxoffice.find_draw('{event}')");
    assert_eq!(database.number(&told).await, 0);
    let stored = find_event(&database, event).await.unwrap().unwrap();
    assert_eq!((stored.draw_commitment, stored.draw_count), (promise.clone(), None));

    let drawn = fix_draw(&database, event, 17).await.unwrap().unwrap();
    assert_eq!((drawn.seed, drawn.count), (SEED, 17));
    // Another worker, and one that comes after a failover with another count.
    for count in [17, 3, 2_000_000, 0] {
        assert_eq!(fix_draw(&database, event, count).await, Ok(Some(drawn)));
    }
    let published = PublishedDraw { commitment: promise, drawn: Some(drawn) };
    assert_eq!(find_draw(&database, event).await, Ok(Some(published)));
    let stored = find_event(&database, event).await.unwrap().unwrap();
    assert_eq!((stored.draw_count, stored.settings_version), (Some(17), 1));
}

#[tokio::test]
async fn a_sale_that_opens_at_once_has_nothing_to_draw() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let published = find_draw(&database, event).await.unwrap().unwrap();
    let Some(Drawn { seed, count, drawn_at }) = published.drawn else { panic!("{published:?}") };
    assert_eq!((seed, count), (SEED, 0));
    assert!(drawn_at > NOW);
    assert_eq!(fix_draw(&database, event, 5).await.unwrap().map(|drawn| drawn.count), Some(0));
}

#[tokio::test]
async fn an_unknown_event_has_no_draw() {
    let database = fresh().await;
    assert_eq!(find_draw(&database, new_event_id()).await, Ok(None));
    assert_eq!(fix_draw(&database, new_event_id(), 1).await, Ok(None));
}
