//! The mail API that the provider plays: a letter is taken once under its key.

use fake_provider::MailFaults;
use serde_json::{Value, json};

use crate::stage::Stage;

fn letter(subject: &str) -> Value {
    json!({ "from": "box@example.com", "to": ["fan@example.com"], "subject": subject,
        "text": "Hello", "html": "<html><body><p>Hello</p></body></html>" })
}

async fn hand_over(stage: &Stage, bearer: &str, key: &str, letter: &Value) -> Option<u16> {
    let request = reqwest::Client::new().post(format!("{}/mail/emails", stage.base_url()));
    let request = request.bearer_auth(bearer).header("idempotency-key", key).json(letter);
    request.send().await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_letter_is_taken_once_under_its_key_and_shown() {
    let stage = Stage::new();
    let key = crate::stage::API_KEY;
    assert_eq!(hand_over(&stage, "another", "k1", &letter("A & B")).await, Some(401));
    let faults = MailFaults { unavailable: 1, unanswered: 1, ..MailFaults::default() };
    stage.controls.set_mail_faults(&faults).await.expect("are set");
    for status in [Some(503), None, Some(200), Some(200)] {
        assert_eq!(hand_over(&stage, key, "k1", &letter("A & B")).await, status);
    }
    assert_eq!(hand_over(&stage, key, "k1", &letter("C")).await, Some(409));
    assert_eq!(hand_over(&stage, key, "", &letter("C")).await, Some(422));
    let taken = stage.controls.letters_to("fan@example.com").await.expect("letters");
    let [one] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!((one.subject.as_str(), one.deliveries), ("A & B", 3));
    let shown = async |path: String| {
        let page = reqwest::get(format!("{}{path}", stage.base_url())).await.expect("a page");
        page.text().await.expect("a text")
    };
    assert!(shown("/letters".to_owned()).await.contains("A &amp; B"));
    assert!(shown(format!("/letters/{}", one.id)).await.contains("<p>Hello</p>"));
}

#[tokio::test]
async fn the_other_format_is_understood() {
    let stage = Stage::new();
    let letter = json!({ "sender": { "name": "Box", "email": "box@example.com" },
        "to": [{ "email": "fan@example.com" }], "subject": "A", "textContent": "Hello",
        "htmlContent": "<p>Hello</p>", "headers": { "idempotencyKey": "k1" } });
    for _ in 0..2 {
        let request = reqwest::Client::new().post(format!("{}/mail/smtp/email", stage.base_url()));
        let request = request.header("api-key", crate::stage::API_KEY).json(&letter);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let taken = stage.controls.letters_to("fan@example.com").await.expect("letters");
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].from.as_str(), taken[0].key.as_str()), ("Box <box@example.com>", "k1"));
}
