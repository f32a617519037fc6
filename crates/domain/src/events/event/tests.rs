use super::*;
use crate::time::Instant;

fn event() -> serde_json::Value {
    serde_json::json!({
        "name": "Opening night",
        "starts_at": "2027-06-01T19:00:00Z",
        "ends_at": "2027-06-01T22:00:00Z",
        "currency": "EUR",
        "sections": [
            {"name": "A", "kind": "seated", "rows": 20, "seats_per_row": 30, "price": 5000},
            {"name": "FLOOR", "kind": "standing", "capacity": 500, "price": 3500},
        ],
    })
}

fn fields(event: serde_json::Value) -> Vec<String> {
    let event: NewEvent = serde_json::from_value(event).unwrap();
    event.problems().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn defaults_are_those_of_the_contract() {
    let event: NewEvent = serde_json::from_value(event()).unwrap();
    assert_eq!(event.problems(), []);
    assert_eq!((event.sale.max_per_buyer, event.sale.hold_ttl_s), (4, 600));
    let queue = event.sale.queue;
    assert!(queue.enabled);
    assert_eq!((queue.max_active, queue.release_per_s, queue.pass_ttl_s), (100, 50, 300));
}

#[test]
fn each_bad_value_is_named() {
    for (pointer, value, field) in [
        ("/name", serde_json::json!(" "), "name"),
        ("/name", serde_json::json!("x".repeat(201)), "name"),
        ("/name", serde_json::json!("a\0b"), "name"),
        ("/name", serde_json::json!("\u{200B}"), "name"),
        ("/name", serde_json::json!("a\u{202E}b"), "name"),
        ("/currency", serde_json::json!("eur"), "currency"),
        ("/ends_at", serde_json::json!("2027-06-01T19:00:00Z"), "ends_at"),
        ("/sections", serde_json::json!([]), "sections"),
        ("/sections/0/price", serde_json::json!(-1), "sections[0].price"),
        ("/sections/0/rows", serde_json::json!(0), "sections[0].rows"),
        ("/sections/0/rows", serde_json::json!(4_294_967_295_u32), "sections[0].rows"),
        ("/sections/1/capacity", serde_json::json!(100_001), "sections[1].capacity"),
        ("/sections/1/name", serde_json::json!("A"), "sections[1].name"),
    ] {
        let mut event = event();
        *event.pointer_mut(pointer).unwrap() = value;
        assert_eq!(fields(event), [field], "{pointer}");
    }
    for (field, text) in
        [("venue", "\u{FEFF}"), ("venue", "two\nlines"), ("description", "a\u{1B}[2J")]
    {
        let mut event = event();
        event[field] = text.into();
        assert_eq!(fields(event), [field], "{text:?}");
    }
    for message in
        ["x".repeat(281), "two\nlines".to_owned(), "a\0b".to_owned(), "\u{200B}".to_owned()]
    {
        let mut event = event();
        event["sale"] = serde_json::json!({"queue": {"message": message}});
        assert_eq!(fields(event), ["sale.queue.message"]);
    }
    let mut event = self::event();
    event["sale"] = serde_json::json!({"queue": {"message": "ü".repeat(280)}});
    assert_eq!(fields(event), [""; 0]);
    let mut event = self::event();
    event["sale"] = serde_json::json!({"hold_ttl_s": 3601, "queue": {"pass_ttl_s": 0}});
    event["on_sale_at"] = serde_json::json!("2027-06-01T22:00:00Z");
    assert_eq!(fields(event), ["on_sale_at", "sale.hold_ttl_s", "sale.queue.pass_ttl_s"]);
}

#[test]
fn a_change_leaves_alone_what_it_does_not_name() {
    let sale: SaleSettings = serde_json::from_value(serde_json::json!({
        "max_per_buyer": 2, "hold_ttl_s": 60,
        "queue": {"enabled": false, "max_active": 7, "release_per_s": 8, "pass_ttl_s": 9,
            "joining": false, "message": "Soon."},
    }))
    .unwrap();
    let change =
        |json| serde_json::from_value::<SaleChange>(json).unwrap().applied_to(sale.clone());
    assert_eq!(change(serde_json::json!({})), sale);
    let limited = SaleSettings { max_per_buyer: 3, ..sale.clone() };
    assert_eq!(change(serde_json::json!({"max_per_buyer": 3})), limited);
    let faster = change(serde_json::json!({"queue": {"release_per_s": 80}}));
    let queue = QueueSettings { release_per_s: 80, ..sale.queue.clone() };
    assert_eq!(faster, SaleSettings { queue, ..sale.clone() });
    let told = change(serde_json::json!({"queue": {"joining": true, "message": ""}}));
    let queue = QueueSettings { joining: true, message: String::new(), ..sale.queue.clone() };
    assert_eq!(told, SaleSettings { queue, ..sale.clone() });
    let bad: EventChange = serde_json::from_str(r#"{"sale":{"hold_ttl_s":0}}"#).unwrap();
    let [starts_at, ends_at] = [1, 2].map(Instant::from_unix_ms);
    let problems = bad.problems(starts_at, ends_at, starts_at);
    assert_eq!(problems.len(), 1);
}

#[test]
fn rules_between_fields_hold_for_what_a_change_results_in() {
    // Stored: opens at 1, starts at 5, ends at 9; or, from another release, never opens.
    for (change, stored_on_sale_s, field) in [
        (serde_json::json!({"ends_at": 8}), 1, None),
        (serde_json::json!({"ends_at": 5}), 1, Some("ends_at")),
        (serde_json::json!({"starts_at": 9}), 1, Some("starts_at")),
        (serde_json::json!({"on_sale_at": 9}), 1, Some("on_sale_at")),
        (serde_json::json!({"ends_at": 8}), 8, Some("ends_at")),
        (serde_json::json!({"ends_at": 8, "on_sale_at": 7}), 8, None),
        (serde_json::json!({"ends_at": 7, "on_sale_at": 7}), 1, Some("on_sale_at")),
        (serde_json::json!({"starts_at": 11, "ends_at": 12}), 1, None),
        (serde_json::json!({"name": "New"}), 9, None),
        (serde_json::json!({"starts_at": 6}), 9, None),
    ] {
        let text = |second: &serde_json::Value| match second.as_i64() {
            Some(second) => Instant::from_unix_ms(second * 1_000).to_string().into(),
            None => second.clone(),
        };
        let members = change.as_object().unwrap().iter();
        let sent: serde_json::Map<_, _> =
            members.map(|(name, second)| (name.clone(), text(second))).collect();
        let sent: EventChange = serde_json::from_value(sent.into()).unwrap();
        let [starts_at, ends_at, on_sale_at] =
            [5, 9, stored_on_sale_s].map(|second| Instant::from_unix_ms(second * 1_000));
        let problems = sent.problems(starts_at, ends_at, on_sale_at);
        let named = problems.first().map(|problem| problem.field.as_str());
        assert_eq!((named, problems.len()), (field, usize::from(field.is_some())), "{change}");
    }
}

#[test]
fn what_is_final_outranks_what_can_change() {
    let now = Instant::from_unix_ms(1_000);
    let state = SaleState {
        cancelled: false,
        paused: false,
        sold_out: false,
        on_sale_at: now,
        ends_at: now.plus_ms(1),
    };
    let later = now.plus_ms(1);
    for (state, now, status) in [
        (state, now, EventStatus::OnSale),
        (state, now.plus_ms(-1), EventStatus::Scheduled),
        (state, later, EventStatus::Ended),
        (SaleState { sold_out: true, ..state }, now, EventStatus::SoldOut),
        (SaleState { sold_out: true, paused: true, ..state }, now, EventStatus::Paused),
        (SaleState { paused: true, ..state }, later, EventStatus::Ended),
        (SaleState { cancelled: true, ..state }, later, EventStatus::Cancelled),
    ] {
        assert_eq!(state.status(now), status);
    }
}
