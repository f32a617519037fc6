//! What operators see of the work that is under way, and what they set going again.

use fake_provider::{CallFault, FaultKind, Faults, Operation};
use reqwest::Method;
use serde_json::json;
use tests::{BoxOffice, eventually};

#[tokio::test]
async fn what_was_given_up_is_seen_and_set_going_again() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    let buyer = office.buyer().await;
    let held = buyer.hold(&event, json!({ "seats": ["A-1-1"] })).await;
    let booking = held["booking_id"].as_str().expect("an id");
    let payment = buyer.payment(booking).await;
    let saga = format!("payment:{payment}");
    let running = office.organiser().saga(&saga, "running").await.expect("it awaits the payment");
    for (member, value) in [
        ("kind", json!("payment")),
        ("subject", json!(payment)),
        ("event_id", json!(event)),
        ("step", json!("await")),
        ("status", json!("running")),
    ] {
        assert_eq!(running[member], value, "{running}");
    }
    for member in ["attempts", "due_at", "last_error", "created_at", "updated_at"] {
        assert!(running.get(member).is_some(), "{member}: {running}");
    }

    // The provider refuses the capture for good.
    let refuse = CallFault::new(Operation::Capture, FaultKind::Forbidden).about(&payment);
    let faults = Faults { calls: vec![refuse.times(1)], ..Faults::default() };
    office.provider().add_faults(&faults).await.expect("are set");
    office.provider().pay(&payment).await.expect("pays");
    buyer.becomes(booking, "confirmed").await;
    let dead =
        eventually("it is given up", async || office.organiser().saga(&saga, "dead").await).await;
    assert_eq!(dead["step"], "capture", "{dead}");
    assert!(dead["last_error"].as_str().is_some_and(|text| text.contains("403")), "{dead}");
    assert!(office.organiser().saga(&saga, "running").await.is_none());

    let path = format!("/api/v1/sagas/{saga}/retry");
    let nobody = office.request(Method::POST, &path).send().await;
    nobody.expect_problem(401, "unauthenticated");
    let stranger = buyer.request(Method::POST, &path).send().await;
    stranger.expect_problem(403, "forbidden");
    let again = office.organiser().retry_saga(&saga).await.expect(200);
    assert_eq!((&again["status"], &again["attempts"]), (&json!("running"), &json!(0)));
    eventually("it comes to its end", async || office.organiser().saga(&saga, "done").await).await;
    let ledger = office.provider().ledger().await.expect("a ledger");
    assert_eq!(ledger.intent(&payment).expect("a payment").captures, 1);
    // What is done stays done.
    let done = office.organiser().retry_saga(&saga).await.expect(200);
    assert_eq!(done["status"], "done");
    let missing = office.organiser().retry_saga("payment:pi_nobody").await;
    missing.expect_problem(404, "not_found");
}

#[tokio::test]
async fn sagas_are_listed_page_by_page_for_the_organiser_only() {
    let office = BoxOffice::open();
    let event = office.event(json!({})).await;
    for number in 1..=3 {
        let buyer = office.buyer().await;
        buyer.buy(&event, json!({ "seats": [format!("A-1-{number}")] })).await;
    }
    let get = |query: &str| {
        let path = format!("/api/v1/sagas{query}");
        office.organiser().request(Method::GET, &path).send()
    };
    // Money is taken after the ticket is sold.
    eventually("the payments are done", async || {
        let page = get("?status=done&limit=100").await.expect(200);
        (page["sagas"].as_array().expect("sagas").len() >= 3).then_some(())
    })
    .await;
    let mut cursor = String::new();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = get(&format!("?status=done&limit=1{cursor}")).await.expect(200);
        assert_eq!(page["sagas"].as_array().expect("sagas").len(), 1, "{page}");
        seen.push(page["sagas"][0]["id"].clone());
        cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("a cursor"));
    }
    assert_ne!(seen[0], seen[1]);
    get("").await.expect(200);
    for wrong in ["?status=open", "?limit=0", "?limit=101", "?cursor=x", "?status="] {
        get(wrong).await.expect_problem(422, "validation_failed");
    }
    let path = "/api/v1/sagas?status=dead";
    office.get(path).await.expect_problem(401, "unauthenticated");
    office.buyer().await.get(path).await.expect_problem(403, "forbidden");
}
