//! Promises 6 to 9: what the provider tells is believed once, in any order, only if it is signed,
//! and not forgotten once it was taken.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::evidence::{Evidence, at};
use crate::inspect::ledger::{BookingState, Decision, SagaStatus};

/// Kinds that have an effect; others may be taken and forgotten.
const HANDLED: [&str; 5] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
];

/// How often each event was taken: 2xx.
fn taken(evidence: &Evidence) -> BTreeMap<&str, u64> {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let signed = evidence.webhooks("wrong_payment").filter(|(call, _)| call.is_ok());
    for (_, asked) in signed.filter(|(_, asked)| HANDLED.contains(&asked.kind.as_str())) {
        *taken.entry(&asked.id).or_default() += 1;
    }
    for event in &evidence.settled.provider.events {
        if event.accepted > 0 && HANDLED.contains(&event.kind.as_str()) {
            *taken.entry(&event.id).or_default() += u64::from(event.accepted);
        }
    }
    taken
}

/// Ids in Postgres, and how many rows each has.
fn recorded(evidence: &Evidence) -> BTreeMap<&str, u64> {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &evidence.ledger().provider_events {
        *rows.entry(&row.id).or_default() += 1;
    }
    rows
}

/// Promise 6: the same webhook any number of times is once.
pub(crate) fn once(evidence: &Evidence) -> Finding {
    let repeated = taken(evidence).into_values().filter(|times| *times > 1).count();
    let twice = recorded(evidence).into_iter().filter(|(_, rows)| *rows > 1);
    let mut violations: Vec<String> =
        twice.map(|(id, rows)| format!("{id} is recorded {rows} times")).collect();
    // A second effect would be a second payment kept, or a second set of places.
    let mut kept: BTreeMap<&str, u64> = BTreeMap::new();
    let payments = evidence.ledger().payments.iter();
    for row in payments.filter(|row| row.decision == Some(Decision::Keep)) {
        *kept.entry(row.booking_id.as_deref().unwrap_or("no booking")).or_default() += 1;
    }
    let doubled = kept.into_iter().filter(|(_, payments)| *payments > 1);
    violations
        .extend(doubled.map(|(id, payments)| format!("{payments} payments are kept for {id}")));
    let detail = format!("{repeated} events taken more than once");
    Finding::new(6, "a repeated webhook has one effect", repeated > 0, detail, violations)
}

/// Promise 7: any order of events ends in the same state: that of the provider.
pub(crate) fn any_order(evidence: &Evidence) -> Finding {
    let rows = evidence.ledger().payments.iter();
    let ours: BTreeMap<&str, &str> =
        rows.map(|row| (row.id.as_str(), row.provider_state.as_str())).collect();
    // Whose saga runs is on the way: an intent that nobody has paid may be given up right now.
    let running = evidence.ledger().sagas.iter();
    let running = running.filter(|saga| saga.status == SagaStatus::Running);
    let running: BTreeSet<&str> = running.map(|saga| saga.subject.as_str()).collect();
    let mut violations = Vec::new();
    let mut compared = 0;
    for intent in &evidence.settled.provider.intents {
        let id = intent.id.as_str();
        let Some(ours) = ours.get(id).filter(|_| !running.contains(id)) else { continue };
        let theirs = match intent.status.as_str() {
            "succeeded" if intent.refunded > 0 && intent.refunded >= intent.captured => "refunded",
            "succeeded" => "captured",
            "canceled" => "canceled",
            "requires_capture" => "authorised",
            // Not paid: which of the states before is nobody's business.
            _ => continue,
        };
        compared += 1;
        if *ours != theirs {
            violations.push(format!("{id} is {theirs} there and {ours} here"));
        }
    }
    let detail = format!("{compared} payments compared with the provider");
    Finding::new(7, "any order of webhooks ends the same", compared > 0, detail, violations)
}

/// Promise 8: forged, altered, stale, future and unsigned webhooks change nothing.
pub(crate) fn forged(evidence: &Evidence) -> Finding {
    let recorded = recorded(evidence);
    let states = evidence.states();
    let mut violations = Vec::new();
    let mut refused = 0;
    for (call, asked) in evidence.webhooks("forged").filter(|(call, _)| call.ended_us.is_some()) {
        let what = format!("{} at {}", asked.id, at(call.begun_us));
        match call.status {
            400 => refused += 1,
            // No answer at all, or not now: that it changed nothing is what counts.
            0 | 429 | 503 => {}
            status => violations.push(format!("{what} was answered with {status}")),
        }
        if recorded.contains_key(asked.id.as_str()) {
            violations.push(format!("{what} is recorded"));
        }
        if states.get(asked.booking.as_str()) == Some(&BookingState::Confirmed) {
            violations.push(format!("{what} confirmed {}", asked.booking));
        }
    }
    let detail = format!("{refused} refused");
    Finding::new(8, "forged webhooks change nothing", refused > 0, detail, violations)
}

/// Promise 9: 2xx only after the event is durable.
pub(crate) fn durable(evidence: &Evidence) -> Finding {
    let recorded: BTreeSet<&str> = recorded(evidence).into_keys().collect();
    let taken = taken(evidence);
    let lost = taken.keys().filter(|id| !recorded.contains(*id));
    let violations = lost.map(|id| format!("{id} was taken and is not recorded")).collect();
    let crashes = [
        "kill",
        "confirm-kills",
        "admit-kills",
        "postgres-stop",
        "terminate-backends",
        "read-only",
    ];
    let exercised = !taken.is_empty() && evidence.happened(&crashes);
    let detail = format!("{} events taken", taken.len());
    Finding::new(9, "what was taken is durable", exercised, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::{call, window};
    use super::super::money::tests::intent;
    use super::*;
    use crate::inspect::ledger::{PaymentRow, ProviderEventRow, Tables};

    /// An event that was taken twice and is recorded once.
    fn evidence() -> Evidence {
        let request =
            json!({ "id": "evt_1", "kind": "payment_intent.succeeded", "booking": "bk_1" });
        let taken = call("wrong_payment", request, (1, 2), 200, json!({}));
        let mut evidence = Evidence { calls: vec![taken.clone(), taken], ..Evidence::default() };
        evidence.windows.push(window("kill-app", (1, 2), false));
        evidence.settled.ledger.provider_events = vec![event("evt_1")];
        evidence.settled.ledger.payments = vec![kept_payment("pi_1")];
        evidence.settled.provider.intents = vec![intent("pi_1", "bk_1", 100, 0)];
        evidence
    }

    fn event(id: &str) -> ProviderEventRow {
        ProviderEventRow { id: id.to_owned() }
    }

    fn kept_payment(id: &str) -> PaymentRow {
        let (booking_id, decision) = (Some("bk_1".to_owned()), Some(Decision::Keep));
        PaymentRow {
            id: id.to_owned(),
            booking_id,
            provider_state: "captured".to_owned(),
            decision,
        }
    }

    #[test]
    fn what_is_told_twice_and_recorded_once_is_fine() {
        for finding in [once(&evidence()), any_order(&evidence()), durable(&evidence())] {
            assert_eq!(finding.verdict, Verdict::Kept, "{finding:?}");
        }
    }

    #[test]
    fn a_second_row_or_effect_breaks_it() {
        let mut rows = evidence();
        rows.settled.ledger.provider_events.push(event("evt_1"));
        assert_eq!(once(&rows).verdict, Verdict::Broken);
        let mut effects = evidence();
        effects.settled.ledger.payments.push(kept_payment("pi_2"));
        assert_eq!(once(&effects).verdict, Verdict::Broken);
    }

    #[test]
    fn another_end_than_the_providers_breaks_it() {
        let mut evidence = evidence();
        evidence.settled.ledger.payments[0].provider_state = "authorised".to_owned();
        assert_eq!(any_order(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_taken_event_without_a_row_breaks_it() {
        let mut evidence = evidence();
        evidence.settled.ledger = Tables::default();
        assert_eq!(durable(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn a_forgery_that_is_believed_breaks_it() {
        let forgery = |status| {
            let request = json!({ "id": "evt_9", "kind": "k", "booking": "bk_9" });
            let calls = vec![call("forged", request, (1, 2), status, json!({}))];
            Evidence { calls, ..Evidence::default() }
        };
        assert_eq!(forged(&forgery(400)).verdict, Verdict::Kept);
        assert_eq!(forged(&forgery(200)).verdict, Verdict::Broken);
        let mut recorded = forgery(400);
        recorded.settled.ledger.provider_events = vec![event("evt_9")];
        assert_eq!(forged(&recorded).verdict, Verdict::Broken);
    }
}
