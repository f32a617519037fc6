//! openapi.yaml and the system agree at every limit: what the one allows the other takes, and what
//! the one does not allow the other refuses.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, BoxOffice, Request, candidates, operations};

/// The mailbox of the account that calls.
const OWNER: &str = "limits@people.example";
/// Operations that need an account.
const AS_ACCOUNT: [&str; 2] = ["changeAccount", "logOut"];

/// A body that is taken, for an operation.
struct Base {
    operation: &'static str,
    method: Method,
    path: String,
    body: Value,
    as_organiser: bool,
}

/// For each operation that takes a body, bodies with every member of its schema.
async fn bases(office: &BoxOffice) -> Vec<Base> {
    // Wide and long: whatever is changed in one place stays possible.
    let sections = json!([
        { "name": "A", "kind": "seated", "rows": 50, "seats_per_row": 100, "price": 0 },
        { "name": "FLOOR", "kind": "standing", "capacity": 5000, "price": 0 },
    ]);
    let sale = json!({ "max_per_buyer": 1000, "queue": { "enabled": false } });
    let event = office.event(json!({ "sections": sections, "sale": sale })).await;
    let line = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    // The currency that takes the highest prices.
    let changing = office.event(json!({ "currency": "IDR" })).await;
    let hold = json!({ "event_id": event, "section": "FLOOR", "quantity": 10 });
    let owner = office.buyer().await;
    let held = owner.hold(&event, hold).await;
    let booking = held["booking_id"].as_str().expect("an id");
    let sale = json!({ "max_per_buyer": 5, "hold_ttl_s": 60, "queue": {
        "enabled": false, "max_active": 7, "release_per_s": 7, "pass_ttl_s": 60,
        "abandon_after_s": 61, "joining": true, "message": "Soon" } });
    let texts = json!({ "name": "Gala", "description": "Long", "venue": "Hall",
        "time_zone": "Europe/Berlin",
        "starts_at": "2037-06-01T19:00:00.000Z", "ends_at": "2037-06-01T22:00:00.000Z",
        "on_sale_at": "2027-06-01T22:00:00.000Z", "sale": sale });
    let seated =
        json!([{ "name": "B", "kind": "seated", "rows": 1, "seats_per_row": 1, "price": 100 }]);
    let standing = json!([{ "name": "C", "kind": "standing", "capacity": 9, "price": 100 }]);
    let base = |operation, method, path: &str, body, as_organiser| Base {
        operation,
        method,
        path: path.to_owned(),
        body,
        as_organiser,
    };
    let new = |sections: &Value| {
        tests::merged(texts.clone(), &json!({ "currency": "IDR", "sections": sections }))
    };
    // What a section is now; other values of these are allowed or not by what it is.
    let named = json!([{ "name": "A" }]);
    let change = tests::merged(texts.clone(), &json!({ "paused": false, "sections": named }));
    let (events, reserve) = ("/api/v1/events", "/api/v1/bookings/reserve");
    let of_event = format!("{events}/{changing}");
    let seats = format!("{of_event}/seats");
    let process = format!("/api/v1/queue/process/{line}");
    // Somebody else's: who is to be written to is looked at first.
    let checkout = format!("/api/v1/bookings/{booking}/checkout");
    // Of a hold: any part of it is refused with 409, all of it is given back once.
    let cancel = format!("/api/v1/bookings/{booking}/cancel");
    vec![
        base("cancelBooking", Method::POST, &cancel, json!({ "quantity": 2 }), true),
        base("createEvent", Method::POST, events, new(&seated), true),
        base("createEvent", Method::POST, events, new(&standing), true),
        base("updateEvent", Method::PUT, &of_event, change, true),
        base("addSections", Method::POST, &seats, json!({ "sections": seated }), true),
        base(
            "nameTicketHolder",
            Method::PUT,
            // Somebody else's: names are looked at first.
            "/api/v1/tickets/0123456789ab",
            json!({ "holder": "Ada" }),
            false,
        ),
        base(
            "checkIn",
            Method::POST,
            "/api/v1/checkin",
            json!({ "event_id": event, "code": "?", "gate": "North", "undo": false }),
            true,
        ),
        base(
            "beginCheckout",
            Method::POST,
            &checkout,
            json!({ "email": "fan@example.com", "name": "Jane Doe", "locale": "en-GB" }),
            false,
        ),
        base(
            "lookUpBookings",
            Method::POST,
            "/api/v1/bookings/lookup",
            json!({ "email": "fan@example.com", "locale": "en-GB" }),
            false,
        ),
        base(
            "register",
            Method::POST,
            "/api/v1/auth/register",
            json!({ "email": "fan@example.com", "name": "Jane Doe", "locale": "en-GB" }),
            false,
        ),
        base(
            "logIn",
            Method::POST,
            "/api/v1/auth/login",
            json!({ "email": "fan@example.com", "locale": "en-GB" }),
            false,
        ),
        base(
            "verifySignIn",
            Method::POST,
            "/api/v1/auth/verify",
            json!({ "email": "fan@example.com", "code": "000000", "link_token": "x" }),
            false,
        ),
        base(
            "refreshSession",
            Method::POST,
            "/api/v1/auth/refresh",
            json!({ "refresh_token": "x" }),
            false,
        ),
        base("logOut", Method::POST, "/api/v1/auth/logout", json!({ "all": false }), false),
        base(
            "changeAccount",
            Method::PUT,
            "/api/v1/auth/me",
            json!({ "name": "Jane Doe", "locale": "en-GB" }),
            false,
        ),
        base("letIn", Method::POST, &process, json!({ "count": 3 }), true),
        base(
            "joinQueue",
            Method::POST,
            "/api/v1/queue/join",
            json!({ "event_id": line, "receipt": null, "proof": null }),
            false,
        ),
        base(
            "reserve",
            Method::POST,
            reserve,
            json!({ "event_id": event, "seats": ["A-1-1"], "section": "A",
                "email": "fan@example.com", "name": "Jane Doe", "locale": "en-GB" }),
            false,
        ),
        base(
            "reserve",
            Method::POST,
            reserve,
            json!({ "event_id": event, "section": "FLOOR", "quantity": 2 }),
            false,
        ),
    ]
}

/// What is wrong with the answer to a request that the description allows, or does not.
fn complaint(is_allowed: bool, answer: &Answer) -> Option<String> {
    let is_refused = matches!(answer.status, 400 | 422);
    let problem = if is_refused { answer.json() } else { Value::Null };
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    match (is_allowed, is_refused) {
        (true, true) => Some(format!("described, but {} {code}", answer.status)),
        (false, false) => Some(format!("not described, but {} {code}", answer.status)),
        _ => None,
    }
}

#[tokio::test]
async fn bodies_are_refused_exactly_beyond_the_described_limits() {
    let office = BoxOffice::open();
    let document = office.get("/openapi.json").await.expect(200);
    let bases = bases(&office).await;
    let known: BTreeSet<_> = bases.iter().map(|base| base.operation).collect();
    let account = crate::accounts::signed_in(&crate::accounts::office(), OWNER, None).await;
    let (mut complaints, mut tried) = (Vec::new(), 0);
    for (path, _, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        let content = &operation["requestBody"]["content"];
        let schema = &content["application/json"]["schema"];
        // A form is what a page of ours has made of it.
        let is_form = content.get("application/x-www-form-urlencoded").is_some();
        if operation.get("requestBody").is_some() && !is_form {
            assert!(known.contains(id), "{id} ({path}) takes a body, and none is tried");
        }
        for base in bases.iter().filter(|base| base.operation == id) {
            for candidate in candidates(&document, schema, &base.body) {
                let buyer = office.buyer().await;
                let (method, path) = (base.method.clone(), base.path.as_str());
                let request = match (base.as_organiser, AS_ACCOUNT.contains(&id)) {
                    (true, _) => office.organiser().request(method, path),
                    (false, false) => buyer.request(method, path),
                    (false, true) => {
                        let token = account["token"].as_str().expect("a token");
                        office.request(method, path).bearer(token)
                    }
                };
                let answer = request.json(&candidate.value).send().await;
                tried += 1;
                let found = complaint(candidate.is_allowed, &answer);
                complaints.extend(found.map(|found| {
                    let value = candidate.value.pointer(&candidate.place);
                    format!("{id} {} = {:.80?}: {found}", candidate.place, value)
                }));
            }
        }
    }
    assert!(complaints.is_empty(), "{tried} tried\n{}", complaints.join("\n"));
}

/// Parameters of queries and headers that have limits, and a value of each that is taken.
const PARAMETERS: [(&str, &str, &str); 9] = [
    ("listEvents", "limit", "7"),
    ("listActiveEvents", "limit", "7"),
    ("listBookings", "limit", "7"),
    ("listEventBookings", "limit", "7"),
    ("listEventBookings", "status", "reserved"),
    ("listEventBookings", "format", "json"),
    ("listSagas", "limit", "7"),
    ("listSagas", "status", "dead"),
    ("readPlace", "wait_s", "0"),
];

#[tokio::test]
async fn parameters_are_refused_exactly_beyond_the_described_limits() {
    let office = BoxOffice::open();
    let document = office.get("/openapi.json").await.expect(200);
    let event = office.event(json!({ "sale": { "queue": { "enabled": true } } })).await;
    let buyer = office.buyer().await;
    buyer.join(&event).await.expect(201);
    let mut complaints = Vec::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, schema) = described(&document, parameter);
            if parameter_has_no_limit(schema) {
                continue;
            }
            let base = PARAMETERS.iter().find(|(of, called, _)| (*of, *called) == (id, name));
            let (_, _, base) = base.unwrap_or_else(|| panic!("{id}: {name} has limits, untried"));
            let base = base.parse::<i64>().map_or_else(|_| json!(base), |number| json!(number));
            for candidate in candidates(&document, schema, &base) {
                let Some(text) = as_text(&candidate.value) else { continue };
                let path = format!("{}?{name}={text}", path.replace("{event_id}", &event));
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("one");
                let request: Request = match id {
                    "listSagas" | "listEventBookings" => office.organiser().request(method, &path),
                    _ => buyer.request(method, &path),
                };
                let answer = request.send().await;
                let found = complaint(candidate.is_allowed, &answer);
                complaints.extend(found.map(|found| format!("{id} {name}={text}: {found}")));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Name and schema of a parameter.
fn described<'a>(document: &'a Value, parameter: &'a Value) -> (&'a str, &'a Value) {
    let resolved = |value: &'a Value| {
        let by_reference = value["$ref"].as_str().and_then(|it| document.pointer(&it[1..]));
        by_reference.unwrap_or(value)
    };
    let parameter = resolved(parameter);
    (parameter["name"].as_str().expect("a name"), resolved(&parameter["schema"]))
}

/// Texts that the system has made itself, keys and names of sections have tests of their own.
fn parameter_has_no_limit(schema: &Value) -> bool {
    ["minimum", "maximum", "enum"].iter().all(|limit| schema.get(*limit).is_none())
}

/// The value as a query has it; nothing for what a query cannot say.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.replace('?', "%3F")),
        // In a query a number is its digits.
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        _ => None,
    }
}
