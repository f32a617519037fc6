//! Promises 3, 4, 5 and 28: every captured payment is a confirmed booking or a full refund, never
//! both, never neither, never twice, and a wrong payment is never a ticket.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Finding;
use super::evidence::{Evidence, at};
use crate::inspect::ledger::Tables;
use crate::inspect::observer::Balance;

/// How the ids of payments begin that the harness tells of and the provider does not know.
pub(crate) const FORGED: &str = "pi_chaos_";

/// What is left to settle: steps that are not done, and money that is neither here nor there.
pub fn unsettled(ledger: &Tables, provider: Option<&Value>) -> Vec<String> {
    let sagas = ledger.get("sagas").into_iter().flatten();
    // Who waits for a buyer waits for as long as the buyer may take.
    let running = sagas.filter(|saga| {
        saga["status"].as_str() == Some("running")
            && saga["step"].as_str() != Some("await")
            && !saga["subject"].as_str().unwrap_or_default().starts_with(FORGED)
    });
    let mut left: Vec<String> = running
        .map(|saga| {
            let text = |member: &str| saga[member].as_str().unwrap_or_default();
            format!("{} is at {}: {}", text("id"), text("step"), text("last_error"))
        })
        .collect();
    left.extend(neither(ledger, provider));
    left
}

/// A payment of the provider's ledger.
struct Intent<'a> {
    id: &'a str,
    booking: &'a str,
    amount: i64,
    currency: &'a str,
    livemode: bool,
    authorised: i64,
    captured: i64,
    refunded: i64,
    captures: i64,
    refunds: i64,
    status: &'a str,
}

fn intents(provider: Option<&Value>) -> Vec<Intent<'_>> {
    let list = provider.and_then(|it| it["intents"].as_array()).into_iter().flatten();
    list.map(|it| {
        let (text, number) = (
            |member: &str| it[member].as_str().unwrap_or_default(),
            |member: &str| it[member].as_i64().unwrap_or_default(),
        );
        Intent {
            id: text("id"),
            booking: text("booking_id"),
            amount: number("amount"),
            currency: text("currency"),
            livemode: it["livemode"].as_bool().unwrap_or_default(),
            authorised: number("authorised"),
            captured: number("captured"),
            refunded: number("refunded"),
            captures: number("captures"),
            refunds: number("refunds"),
            status: text("status"),
        }
    })
    .collect()
}

/// Confirmed bookings by the payment that confirmed them.
fn paid_bookings(ledger: &Tables) -> BTreeMap<&str, &Value> {
    let rows = ledger.get("bookings").into_iter().flatten();
    let confirmed = rows.filter(|row| row["state"].as_str() == Some("confirmed"));
    confirmed.filter_map(|row| Some((row["payment_id"].as_str()?, row))).collect()
}

/// Money that was taken or is held and belongs to nothing.
fn neither(ledger: &Tables, provider: Option<&Value>) -> Vec<String> {
    let confirmed = paid_bookings(ledger);
    let mut left = Vec::new();
    for intent in intents(provider) {
        let what = format!("{} of {} ({})", intent.id, intent.booking, intent.status);
        if intent.authorised > 0 {
            left.push(format!("{what}: {} held and neither taken nor let go", intent.authorised));
        }
        if intent.captured > intent.refunded && !confirmed.contains_key(intent.id) {
            left.push(format!(
                "{what}: {} taken, {} given back, and no ticket",
                intent.captured, intent.refunded
            ));
        }
    }
    left
}

/// Promise 3: every captured payment ends as confirmed booking or full refund.
pub(crate) fn settled(evidence: &Evidence) -> Finding {
    let intents = intents(evidence.provider.as_ref());
    let mut violations = unsettled(&evidence.settled.ledger, evidence.provider.as_ref());
    let dead = evidence.rows("sagas").iter().filter(|saga| {
        // Payments that the provider has never heard of are the forger's.
        let subject = saga["subject"].as_str().unwrap_or_default();
        saga["status"].as_str() == Some("dead") && !subject.starts_with(FORGED)
    });
    violations
        .extend(dead.map(|saga| format!("{} was given up: {}", saga["id"], saga["last_error"])));
    let count = |is: fn(&&Intent<'_>) -> bool| intents.iter().filter(is).count();
    let detail = format!(
        "{} payments: {} captured, {} of them refunded, {} canceled",
        intents.len(),
        count(|intent| intent.captured > 0),
        count(|intent| intent.refunded > 0),
        count(|intent| intent.status == "canceled"),
    );
    let exercised = intents.iter().any(|intent| intent.captured > 0);
    Finding::new(3, "captured money is a ticket or a refund", exercised, detail, violations)
}

/// Promise 4: never both; what was captured is the price of what is confirmed, and the refunds.
pub(crate) fn never_both(evidence: &Evidence) -> Finding {
    let confirmed = paid_bookings(&evidence.settled.ledger);
    let intents = intents(evidence.provider.as_ref());
    let mut violations = Vec::new();
    let mut sums: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for intent in &intents {
        let sum = sums.entry(intent.currency.to_owned()).or_default();
        sum[0] += intent.captured;
        sum[1] += intent.refunded;
        if let Some(booking) = confirmed.get(intent.id) {
            let price = booking["amount"].as_i64().unwrap_or_default();
            if intent.refunded > 0 {
                violations
                    .push(format!("{} is refunded and {} is confirmed", intent.id, booking["id"]));
            }
            if intent.captured != price {
                violations.push(format!(
                    "{} took {} for {}, which costs {price}",
                    intent.id, intent.captured, booking["id"]
                ));
            }
        }
    }
    // Nobody of the crowd buys at a cash desk, and nothing is free.
    let unpaid = evidence.rows("bookings").iter().filter(|row| {
        row["state"].as_str() == Some("confirmed") && row["payment_id"].as_str().is_none()
    });
    violations.extend(unpaid.map(|row| format!("{} is confirmed and nobody has paid", row["id"])));
    for booking in confirmed.values() {
        let currency = booking["currency"].as_str().unwrap_or_default().to_owned();
        sums.entry(currency).or_default()[2] += booking["amount"].as_i64().unwrap_or_default();
    }
    for (currency, [captured, refunded, sold]) in &sums {
        if captured - refunded != *sold {
            violations.push(format!(
                "{currency}: {captured} captured - {refunded} refunded != {sold} confirmed"
            ));
        }
    }
    let off = evidence.balances.iter().filter(|it| it.sold != it.kept || it.alone != 0);
    violations.extend(off.map(|Balance { at_us, sold, kept, alone }| {
        format!("at {}: {sold} sold, {kept} kept, {alone} without the other", at(*at_us))
    }));
    let mut told: Vec<_> = sums
        .iter()
        .map(|(currency, [captured, refunded, sold])| {
            format!("{currency}: {captured} captured, {refunded} refunded, {sold} confirmed")
        })
        .collect();
    told.push(format!("sold = kept on {} looks during the run", evidence.balances.len()));
    let exercised = intents.iter().any(|intent| intent.captured > 0);
    Finding::new(4, "never both, and the sums agree", exercised, told.join("; "), violations)
}

/// Promise 5: at most one refund of a payment.
pub(crate) fn refunded_once(evidence: &Evidence) -> Finding {
    let intents = intents(evidence.provider.as_ref());
    let refunded: Vec<_> = intents.iter().filter(|intent| intent.refunds > 0).collect();
    let mut violations = Vec::new();
    for intent in &intents {
        if intent.refunds > 1 || intent.refunded > intent.captured || intent.captures > 1 {
            violations.push(format!(
                "{}: captured {} times, refunded {} times, {} of {}",
                intent.id, intent.captures, intent.refunds, intent.refunded, intent.captured
            ));
        }
    }
    let detail = format!("{} refunds", refunded.len());
    Finding::new(5, "at most one refund a payment", !refunded.is_empty(), detail, violations)
}

/// Promise 28: a payment of another amount, currency or mode confirms nothing.
pub(crate) fn wrong_never_confirms(evidence: &Evidence) -> Finding {
    let states = evidence.states();
    let mut violations = Vec::new();
    let mut wrong = 0;
    for call in evidence.calls_of(&["wrong_payment"]).filter(|call| call.status > 0) {
        wrong += 1;
        if states.get(call.asked("booking")) == Some(&"confirmed") {
            violations.push(format!("{} confirmed by {}", call.asked("booking"), call.request));
        }
    }
    let confirmed = paid_bookings(&evidence.settled.ledger);
    let rows = evidence.rows("bookings").iter();
    let bookings: BTreeMap<&str, &Value> =
        rows.filter_map(|row| Some((row["id"].as_str()?, row))).collect();
    for intent in intents(evidence.provider.as_ref()) {
        let Some(booking) = bookings.get(intent.booking) else { continue };
        let differs = booking["amount"].as_i64() != Some(intent.amount)
            || booking["currency"].as_str() != Some(intent.currency)
            || intent.livemode;
        wrong += usize::from(differs);
        if differs && confirmed.contains_key(intent.id) {
            violations.push(format!(
                "{} of {} {} confirmed {}",
                intent.id, intent.amount, intent.currency, booking["id"]
            ));
        }
    }
    let detail = format!("{wrong} wrong payments");
    Finding::new(28, "a wrong payment is no ticket", wrong > 0, detail, violations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::call;
    use super::*;

    fn intent(id: &str, booking: &str, captured: i64, refunded: i64) -> Value {
        json!({ "id": id, "booking_id": booking, "amount": 100, "currency": "EUR",
            "livemode": false, "authorised": 0, "captured": captured, "refunded": refunded,
            "captures": i64::from(captured > 0), "refunds": i64::from(refunded > 0),
            "status": "succeeded" })
    }

    /// One payment became a ticket, one was given back.
    fn evidence() -> Evidence {
        let mut evidence = Evidence::default();
        let booking = |id: &str, state: &str, payment: Option<&str>| {
            json!({ "id": id, "state": state, "payment_id": payment, "amount": 100,
                "currency": "EUR" })
        };
        let bookings =
            vec![booking("bk_1", "confirmed", Some("pi_1")), booking("bk_2", "expired", None)];
        evidence.settled.ledger.insert("bookings".to_owned(), bookings);
        let intents = vec![intent("pi_1", "bk_1", 100, 0), intent("pi_2", "bk_2", 100, 100)];
        evidence.provider = Some(json!({ "intents": intents }));
        evidence
    }

    /// The evidence with another second payment.
    fn with(second: Value) -> Evidence {
        let mut evidence = evidence();
        evidence.provider.as_mut().expect("it")["intents"][1] = second;
        evidence
    }

    #[test]
    fn money_that_belongs_somewhere_is_fine() {
        let evidence = evidence();
        for finding in [settled(&evidence), never_both(&evidence), refunded_once(&evidence)] {
            assert_eq!(finding.verdict, Verdict::Kept, "{finding:?}");
        }
    }

    #[test]
    fn a_ticket_for_no_money_breaks_it() {
        let mut evidence = evidence();
        let bookings = evidence.settled.ledger.get_mut("bookings").expect("they are there");
        bookings[1]["state"] = json!("confirmed");
        assert_eq!(never_both(&evidence).verdict, Verdict::Broken);
    }

    #[test]
    fn books_that_do_not_balance_for_a_moment_break_it() {
        let balance = Balance { at_us: 1, sold: 100, kept: 100, alone: 0 };
        for (balance, verdict) in [
            (balance, Verdict::Kept),
            (Balance { kept: 200, ..balance }, Verdict::Broken),
            (Balance { alone: 2, ..balance }, Verdict::Broken),
        ] {
            let evidence = Evidence { balances: vec![balance], ..evidence() };
            assert_eq!(never_both(&evidence).verdict, verdict, "{balance:?}");
        }
    }

    #[test]
    fn money_that_belongs_nowhere_breaks_it() {
        assert_eq!(settled(&with(intent("pi_2", "bk_2", 100, 0))).verdict, Verdict::Broken);
        let mut held = intent("pi_2", "bk_2", 0, 0);
        held["authorised"] = json!(100);
        assert_eq!(settled(&with(held)).verdict, Verdict::Broken);
        let mut stuck = evidence();
        let saga = |status: &str, step: &str| vec![json!({ "status": status, "step": step })];
        stuck.settled.ledger.insert("sagas".to_owned(), saga("running", "capture"));
        assert_eq!(settled(&stuck).verdict, Verdict::Broken);
        stuck.settled.ledger.insert("sagas".to_owned(), saga("dead", "capture"));
        assert_eq!(settled(&stuck).verdict, Verdict::Broken);
        stuck.settled.ledger.insert("sagas".to_owned(), saga("running", "await"));
        assert_eq!(settled(&stuck).verdict, Verdict::Kept);
    }

    #[test]
    fn a_ticket_and_a_refund_break_it() {
        let mut both = evidence();
        let intents = &mut both.provider.as_mut().expect("it")["intents"];
        intents[0] = intent("pi_1", "bk_1", 100, 100);
        assert_eq!(never_both(&both).verdict, Verdict::Broken);
        let mut free = evidence();
        free.provider.as_mut().expect("it")["intents"][0] = intent("pi_1", "bk_1", 0, 0);
        assert_eq!(never_both(&free).verdict, Verdict::Broken);
    }

    #[test]
    fn a_second_refund_breaks_it() {
        let mut twice = intent("pi_2", "bk_2", 100, 100);
        twice["refunds"] = json!(2);
        assert_eq!(refunded_once(&with(twice)).verdict, Verdict::Broken);
    }

    #[test]
    fn a_ticket_for_a_wrong_payment_breaks_it() {
        let request = json!({ "booking": "bk_2" });
        let told = call("wrong_payment", request, (1, 2), 200, json!({}));
        let mut evidence = evidence();
        evidence.calls.push(told);
        assert_eq!(wrong_never_confirms(&evidence).verdict, Verdict::Kept);
        let bookings = evidence.settled.ledger.get_mut("bookings").expect("it");
        bookings[1]["state"] = json!("confirmed");
        assert_eq!(wrong_never_confirms(&evidence).verdict, Verdict::Broken);

        let mut cheap = self::evidence();
        cheap.provider.as_mut().expect("it")["intents"][0]["amount"] = json!(1);
        assert_eq!(wrong_never_confirms(&cheap).verdict, Verdict::Broken);
    }
}
