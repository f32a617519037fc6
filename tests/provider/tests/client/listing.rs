//! The list of events: what was not delivered, page by page.

use domain::payment::{EVENT_KINDS, REFUNDED_KIND};
use fake_provider::{Faults, WebhookFaults};
use provider::{ListEvents, ProviderError};

use crate::stage::Stage;

const UNDELIVERED: ListEvents<'_> =
    ListEvents { kinds: &EVENT_KINDS, undelivered: true, after: None };
const REFUNDS: ListEvents<'_> =
    ListEvents { kinds: &[REFUNDED_KIND], undelivered: false, after: None };

async fn listed(stage: &Stage, list: &ListEvents<'_>) -> Vec<String> {
    let page = stage.client.list_events(list).await.unwrap();
    assert_eq!((page.unreadable, page.next), (0, None));
    page.events.into_iter().map(|listed| listed.event.kind).collect()
}

#[tokio::test]
async fn only_what_is_asked_for_is_listed() {
    let stage = Stage::new();
    let payment = stage.authorised().await.id;
    stage.client.capture_intent(&payment).await.unwrap();
    stage.client.refund_payment(&payment).await.unwrap();
    let told =
        ["charge.refunded", "payment_intent.succeeded", "payment_intent.amount_capturable_updated"];
    assert_eq!(listed(&stage, &UNDELIVERED).await, told);
    assert_eq!(listed(&stage, &REFUNDS).await, told[..1]);

    // An endpoint that is switched off misses events, and none of them is undelivered.
    let webhooks = WebhookFaults { disabled: true, ..WebhookFaults::default() };
    stage.controls.set_faults(&Faults { webhooks, ..Faults::default() }).await.unwrap();
    let other = stage.authorised().await.id;
    stage.client.capture_intent(&other).await.unwrap();
    stage.client.refund_payment(&other).await.unwrap();
    assert_eq!(listed(&stage, &UNDELIVERED).await, told);
    assert_eq!(listed(&stage, &REFUNDS).await, [REFUNDED_KIND; 2]);
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let stage = Stage::new();
    let payment = stage.create().await.id;
    for number in 0..120 {
        let object = serde_json::json!({ "number": number });
        let event = serde_json::json!({
            "type": REFUNDED_KIND, "payment_id": payment, "object": object,
        });
        stage.controls.emit(&event).await.unwrap();
    }
    let (mut after, mut lengths, mut ids) = (None, Vec::new(), Vec::new());
    loop {
        let list = ListEvents { after: after.as_deref(), ..REFUNDS };
        let page = stage.client.list_events(&list).await.unwrap();
        lengths.push(page.events.len());
        ids.extend(page.events.into_iter().map(|listed| listed.event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(lengths, [50, 50, 20]);
    let ledger = stage.ledger().await;
    let expected: Vec<_> = ledger.events.iter().rev().map(|event| event.id.clone()).collect();
    assert_eq!(ids, expected[..120]);

    let forgotten = ListEvents { after: Some("evt_forgotten"), ..REFUNDS };
    let error = stage.client.list_events(&forgotten).await.unwrap_err();
    assert_eq!(error, ProviderError::NotFound);
}

/// Requests that our client does not make get the original's answers.
#[tokio::test]
async fn the_other_parameters_are_those_of_the_original() {
    let stage = Stage::new();
    let payment = stage.authorised().await.id;
    stage.client.capture_intent(&payment).await.unwrap();
    let ids: Vec<String> = stage.ledger().await.events.into_iter().map(|event| event.id).collect();
    let listed = async |query: &str| {
        let page = stage.get(&format!("/v1/events?{query}")).await;
        let events = page["data"].as_array().unwrap_or_else(|| panic!("{query}: {page}"));
        let positions = events.iter().map(|event| ids.iter().position(|id| event["id"] == **id));
        (positions.flatten().collect::<Vec<_>>(), page["has_more"] == true)
    };
    let first = &ids[0];
    for (query, expected) in [
        (String::new(), (vec![2, 1, 0], false)),
        ("limit=2".to_owned(), (vec![2, 1], true)),
        (format!("ending_before={first}"), (vec![2, 1], false)),
        (format!("ending_before={first}&limit=1"), (vec![1], true)),
        (format!("starting_after={}", ids[1]), (vec![0], false)),
        ("type=payment_intent.created".to_owned(), (vec![0], false)),
        ("types[0]=payment_intent.created&types[1]=payment_intent.succeeded".to_owned(), {
            (vec![2, 0], false)
        }),
        ("type=charge.*".to_owned(), (vec![], false)),
        ("created[lt]=1000".to_owned(), (vec![], false)),
        ("created[gte]=1000&delivery_success=false".to_owned(), (vec![2, 1, 0], false)),
        ("delivery_success=true".to_owned(), (vec![], false)),
    ] {
        assert_eq!(listed(&query).await, expected, "{query}");
    }
    for query in [
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "created=yesterday".to_owned(),
        "delivery_success=maybe".to_owned(),
        "delivered=false".to_owned(),
        "type=charge.refunded&types[]=charge.refunded".to_owned(),
        format!("starting_after={first}&ending_before={first}"),
    ] {
        let refused = stage.get(&format!("/v1/events?{query}")).await;
        assert_eq!(refused["error"]["type"], "invalid_request_error", "{query}");
    }
}
