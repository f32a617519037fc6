//! What Redis is opened from, and the events that the worker serves.

use ledger::{active_events, cancel_event, event_to_open, find_event, next_generation, ping};

use crate::support::{confirm, fresh, new_event, new_event_id, new_event_with, seats, standing};

#[tokio::test]
async fn an_event_opens_with_what_is_sold() {
    let database = fresh().await;
    let event = new_event_with(
        &database,
        r#"[{"name": "B", "kind": "seated", "rows": 2, "seats_per_row": 12, "price": 1},
            {"name": "FLOOR", "kind": "standing", "capacity": 9, "price": 1},
            {"name": "A", "kind": "seated", "rows": 1, "seats_per_row": 1, "price": 1}]"#,
    )
    .await;
    let other = new_event(&database).await;
    for facts in [
        seats(event, &["B-1-2", "B-2-12"]),
        seats(event, &["B-1-1"]),
        standing(event, 3),
        standing(event, 1),
        seats(other, &["A-1-1"]),
    ] {
        confirm(&database, &facts).await;
    }
    // Refused, so not sold.
    confirm(&database, &seats(event, &["B-1-1", "B-1-3"])).await;

    let opening = event_to_open(&database, event).await.unwrap().unwrap();
    assert_eq!(Some(&opening.event), find_event(&database, event).await.unwrap().as_ref());
    let [b, floor, a] = &opening.sold[..] else { panic!("{:?}", opening.sold) };
    assert_eq!(
        (b.section.as_str(), floor.section.as_str(), a.section.as_str()),
        ("B", "FLOOR", "A")
    );
    let mut sold: Vec<_> = b.seats.iter().map(ToString::to_string).collect();
    sold.sort();
    assert_eq!(sold, ["B-1-1", "B-1-2", "B-2-12"]);
    assert_eq!((b.standing_sold, floor.standing_sold, a.standing_sold), (0, 4, 0));
    assert!(floor.seats.is_empty() && a.seats.is_empty());
}

#[tokio::test]
async fn an_unknown_event_cannot_be_opened() {
    let database = fresh().await;
    assert_eq!(event_to_open(&database, new_event_id()).await.unwrap(), None);
    assert_eq!(next_generation(&database, new_event_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_generation_only_grows() {
    let database = fresh().await;
    let event = new_event(&database).await;
    assert_eq!(next_generation(&database, event).await.unwrap(), Some(2));
    assert_eq!(next_generation(&database, event).await.unwrap(), Some(3));
    let opening = event_to_open(&database, event).await.unwrap().unwrap();
    assert_eq!(opening.event.generation, 3);
}

#[tokio::test]
async fn the_worker_serves_an_event_until_an_hour_after_its_end() {
    let database = fresh().await;
    let (late, over, cancelled, early) = (
        new_event(&database).await,
        new_event(&database).await,
        new_event(&database).await,
        new_event(&database).await,
    );
    for (event, ends_in_minutes) in [(over, -61), (early, -59), (cancelled, 5), (late, 10)] {
        database
            .execute(&format!(
                "UPDATE boxoffice.events SET starts_at = now() - interval '1 day',
                 ends_at = now() + {ends_in_minutes} * interval '1 minute' WHERE id = '{event}'"
            ))
            .await;
    }
    cancel_event(&database, cancelled).await.unwrap();
    assert_eq!(active_events(&database).await.unwrap(), [early, late]);
}

#[tokio::test]
async fn a_ping_tells_whether_sales_can_be_committed() {
    let database = fresh().await;
    assert!(ping(&database).await.unwrap().writable);
    database.execute("SET default_transaction_read_only = on").await;
    assert!(!ping(&database).await.unwrap().writable);
}
