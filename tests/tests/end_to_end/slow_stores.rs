//! Stores that answer, and slowly.

use std::time::{Duration, Instant};

use chaos::proxy::Mode;
use serde_json::json;
use tests::{Answer, BoxOffice, eventually};

use crate::rigged::rig;

/// Every request ends within this that does not ask to wait.
const PROMISE: Duration = Duration::from_secs(5);
/// The way to the machine and back, and a busy machine.
const SLACK: Duration = Duration::from_secs(2);

/// How long each answer of Redis is held back. A request may make many small steps, each in time.
const HELD_BACK: Duration = Duration::from_millis(60);

async fn timed(answer: impl Future<Output = Answer>) -> (Answer, Duration) {
    let begun = Instant::now();
    (answer.await, begun.elapsed())
}

/// Goal: what asks to wait for news may take longer, and nothing else. Method: Redis has lost an
/// event, who rebuilds it has died a moment ago, and Redis is slow; each look whether the event is
/// back succeeds, and all together take longer than a request may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_poll_ends_in_time_however_many_steps_it_needs() {
    let (rig, _turn) = rig().await;
    let office = BoxOffice::of(&rig.system);
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let buyer = office.buyer().await;
    buyer.join(&event).await.expect(201);
    let lease = "WITH leased AS (UPDATE boxoffice.events SET rebuild_until = now() + interval '15 s' \
                 WHERE id = $1::text::uuid RETURNING id) SELECT count(*) FROM leased";
    assert_eq!(office.inside().count(lease, &event).await, 1);
    office.inside().forget(&event);
    rig.links.redis.iter().for_each(|link| link.set(Mode::Latency(HELD_BACK)));

    let (position, status) =
        (format!("/api/v1/queue/position/{event}"), format!("/api/v1/queue/status/{event}"));
    let organiser = office.organiser();
    let waiting = format!("{position}?wait_s=20");
    let answers = tokio::join!(
        timed(buyer.get(&position)),
        timed(buyer.get(&waiting)),
        timed(office.get(&status)),
        timed(organiser.let_in(&event, 1)),
    );
    rig.links.redis.iter().for_each(|link| link.set(Mode::Pass));
    for (answer, took) in [answers.0, answers.1, answers.2, answers.3] {
        assert!(took < PROMISE + SLACK, "{answer} took {took:?}");
        answer.expect_problem(503, "unavailable");
        assert!(answer.header("retry-after").is_some(), "{answer}");
    }
    eventually("the event is back", async || {
        (office.get(&status).await.status == 200).then_some(())
    })
    .await;
    // The system is others' after this.
    organiser.cancel_event(&event).await.expect(200);
}
