//! The description of the interface and what runs are the same, and the metrics are as described.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use tests::{BoxOffice, operations};

/// Every method of every path is there, and no other. The schemas are checked with each reply of
/// every test.
#[tokio::test]
async fn every_described_operation_exists_and_no_other() {
    let office = BoxOffice::open();
    let document = office.get("/openapi.json").await.expect(200);
    let mut methods: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        methods.entry(path).or_default().push(method.to_uppercase());
    }
    for (path, known) in &methods {
        let path = path
            .replace("{event_id}", &uuid::Uuid::now_v7().to_string())
            .replace("{booking_id}", "bk_x")
            .replace("{saga_id}", "payment:pi_x");
        let answer = office.request(Method::PATCH, &path).send().await;
        answer.expect_problem(405, "method_not_allowed");
        let allowed = answer.header("allow").expect("the methods").to_owned();
        let mut allowed: Vec<_> =
            allowed.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
        allowed.sort_unstable();
        let mut known = known.clone();
        known.sort_unstable();
        // Two components may share a path; each then knows its own methods.
        assert!(
            known.iter().any(|method| allowed.contains(&method.as_str())),
            "{path}: {allowed:?}"
        );
        assert!(
            allowed.iter().all(|method| known.iter().any(|it| it == method)),
            "{path}: {allowed:?}"
        );
    }
}

#[tokio::test]
async fn metrics_count_places_and_work_and_name_nobody() {
    let office = BoxOffice::open();
    // Among the first that end, whatever other tests have made: the token of a guest ends tomorrow,
    // that of a later one a little later.
    let tomorrow = async || {
        let guest = office.request(Method::POST, "/api/v1/auth/guest").send().await.expect(201);
        guest["expires_at"].clone()
    };
    let starts_at = tomorrow().await;
    let ends_at = tests::eventually("a guest whose token ends later", async || {
        Some(tomorrow().await).filter(|ends_at| *ends_at != starts_at)
    })
    .await;
    let soon = json!({ "starts_at": starts_at, "ends_at": ends_at });
    let event = office.event(soon).await;
    let buyer = office.buyer().await;
    buyer.hold(&event, json!({ "section": "FLOOR", "quantity": 3 })).await;
    let text = tests::eventually("the event is in the metrics", async || {
        let answer = office.get("/metrics").await;
        assert_eq!(answer.status, 200, "{answer}");
        let text = String::from_utf8(answer.body).expect("text");
        text.contains(&format!("{{event_id=\"{event}\",state=\"held\"}} 3\n")).then_some(text)
    })
    .await;
    for (state, count) in [("available", 57), ("sold", 0)] {
        let line =
            format!("boxoffice_event_places{{event_id=\"{event}\",state=\"{state}\"}} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    for kind in ["sale", "release", "cancellation", "settings"] {
        assert!(
            text.contains(&format!("boxoffice_failed_marks_total{{kind=\"{kind}\"}} ")),
            "{text}"
        );
    }
    assert!(text.contains("boxoffice_store_up{store=\"redis\"} 1\n"), "{text}");
    assert!(text.contains("boxoffice_store_up{store=\"postgres\"} 1\n"), "{text}");
    assert!(!text.contains(&buyer.user_id), "a user is named");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("boxoffice_") && value.parse::<i64>().is_ok(), "{line}");
    }
}
