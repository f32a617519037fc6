//! Proof of work at joining, in an application that asks for it.

use std::sync::OnceLock;

use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Buyer, solve};

/// An application whose joiners show a proof.
fn asking() -> BoxOffice {
    static BESIDE: OnceLock<BoxOffice> = OnceLock::new();
    let beside =
        BESIDE.get_or_init(|| BoxOffice::open().beside(&[("join_proof_difficulty", "2000")]));
    BoxOffice::at(beside)
}

fn with_queue() -> Value {
    json!({ "sale": { "queue": { "enabled": true, "release_per_s": 0 } } })
}

async fn join(buyer: &Buyer, event: &str, proof: &str) -> Answer {
    let body = json!({ "event_id": event, "proof": proof });
    buyer.request(reqwest::Method::POST, "/api/v1/queue/join").json(&body).send().await
}

/// The challenge in a refusal.
fn challenge_of(refused: &Answer) -> Value {
    refused.expect_problem(403, "proof_required")["challenge"].clone()
}

fn solved(refused: &Answer) -> String {
    solve(&challenge_of(refused))
}

#[tokio::test]
async fn a_newcomer_shows_a_proof_that_is_good_once() {
    let office = asking();
    let event = office.event(with_queue()).await;
    let buyer = office.buyer().await;
    let challenge = challenge_of(&buyer.join(&event).await);
    assert_eq!(challenge["maxnumber"], 2_000);
    let proof = solve(&challenge);
    let place = join(&buyer, &event, &proof).await.expect(201);
    assert_eq!((&place["status"], &place["number"]), (&json!("waiting"), &json!(1)));
    // Who has a place is asked for nothing.
    assert_eq!(buyer.join(&event).await.expect(200)["number"], 1);
    assert_eq!(join(&buyer, &event, &proof).await.expect(200)["number"], 1);

    buyer.leave(&event).await.expect(204);
    let replayed = join(&buyer, &event, &proof).await;
    replayed.expect_problem(403, "proof_required");
    let status = office.get(&format!("/api/v1/queue/status/{event}")).await.expect(200);
    assert_eq!(status["waiting"], 0, "a refused proof has no effect");
    join(&buyer, &event, &solved(&replayed)).await.expect(201);
}

#[tokio::test]
async fn a_proof_of_somebody_else_or_of_something_else_is_none() {
    let office = asking();
    let (event, other) = (office.event(with_queue()).await, office.event(with_queue()).await);
    let (ann, bob) = (office.buyer().await, office.buyer().await);
    let proof = solved(&ann.join(&event).await);
    join(&bob, &event, &proof).await.expect_problem(403, "proof_required");
    join(&ann, &other, &proof).await.expect_problem(403, "proof_required");
    let mut forged = challenge_of(&bob.join(&event).await);
    forged["signature"] = json!("00".repeat(32));
    let forged = solve(&forged);
    join(&bob, &event, &forged).await.expect_problem(403, "proof_required");
    for nonsense in ["", "x", "e30=", &"A".repeat(5_000)] {
        join(&bob, &event, nonsense).await.expect_problem(403, "proof_required");
    }
    join(&ann, &event, &proof).await.expect(201);
}

/// A guard that nobody can read must not become none.
#[tokio::test]
async fn a_difficulty_that_cannot_be_read_refuses() {
    let office = BoxOffice::open();
    let event = office.event(with_queue()).await;
    for value in ["1", "hard"] {
        let beside = office.beside(&[("join_proof_difficulty", value)]);
        let buyer = office.buyer().await.at(&beside);
        buyer.join(&event).await.expect_problem(503, "not_configured");
    }
}
