//! Promises 3, 4, 5 and 28: every captured payment is a confirmed booking or a full refund, never
//! both, never neither, never twice, and a wrong payment is never a ticket.

use std::collections::{BTreeMap, BTreeSet};

use fake_provider::{Ledger, LedgerIntent};

use super::Finding;
use super::evidence::{Evidence, at};
use crate::inspect::ledger::{BookingRow, BookingState, SagaStatus, Tables};
use crate::inspect::observer::Balance;

/// How the ids of payments begin that the harness tells of and the provider does not know.
pub(crate) const FORGED: &str = "pi_chaos_";

/// What is left to settle: steps that are not done, and money that is neither here nor there.
pub fn unsettled(ledger: &Tables, provider: &Ledger) -> Vec<String> {
    // A saga that waits for a buyer waits for as long as the buyer may take.
    let running = ledger.sagas.iter().filter(|saga| {
        saga.status == SagaStatus::Running
            && saga.step != "await"
            && !saga.subject.starts_with(FORGED)
    });
    let mut left: Vec<String> = running
        .map(|saga| format!("{} is at {}: {:?}", saga.id, saga.step, saga.last_error))
        .collect();
    left.extend(neither(ledger, provider));
    left
}

/// Confirmed bookings by the payment that confirmed them.
fn paid_bookings(ledger: &Tables) -> BTreeMap<&str, &BookingRow> {
    let confirmed = ledger.bookings.iter().filter(|row| row.state == BookingState::Confirmed);
    confirmed.filter_map(|row| Some((row.payment_id.as_deref()?, row))).collect()
}

/// Money that was taken or is held and belongs to nothing.
fn neither(ledger: &Tables, provider: &Ledger) -> Vec<String> {
    let confirmed = paid_bookings(ledger);
    let mut left = Vec::new();
    for intent in &provider.intents {
        let booking = intent.booking_id.as_deref().unwrap_or("no booking");
        let what = format!("{} of {booking} ({})", intent.id, intent.status);
        if intent.authorised > 0 {
            left.push(format!("{what}: {} held and neither taken nor let go", intent.authorised));
        }
        match confirmed.get(intent.id.as_str()) {
            None if intent.captured > intent.refunded => left.push(format!(
                "{what}: {} taken, {} given back, and no ticket",
                intent.captured, intent.refunded
            )),
            Some(row) if intent.refunded < row.shares() => left.push(format!(
                "{what}: {} given back, and {} is owed for what was given up",
                intent.refunded,
                row.shares()
            )),
            _ => {}
        }
    }
    left
}

/// Promise 3: every captured payment ends as confirmed booking or full refund.
pub(crate) fn settled(evidence: &Evidence) -> Finding {
    let intents = &evidence.settled.provider.intents;
    let mut violations = unsettled(evidence.ledger(), &evidence.settled.provider);
    // Payments that the provider has never heard of are the forger's.
    let dead = evidence
        .ledger()
        .sagas
        .iter()
        .filter(|saga| saga.status == SagaStatus::Dead && !saga.subject.starts_with(FORGED));
    violations.extend(dead.map(|saga| format!("{} was given up: {:?}", saga.id, saga.last_error)));
    let count = |is: fn(&&LedgerIntent) -> bool| intents.iter().filter(is).count();
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
    let confirmed = paid_bookings(evidence.ledger());
    let intents = &evidence.settled.provider.intents;
    let mut violations = Vec::new();
    let mut sums: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for intent in intents {
        let sum = sums.entry(intent.currency.clone()).or_default();
        sum[0] += intent.captured;
        sum[1] += intent.refunded;
        if let Some(booking) = confirmed.get(intent.id.as_str()) {
            let price = booking.amount + booking.shares();
            if intent.refunded > booking.shares() {
                violations.push(format!(
                    "{} is refunded beyond what {} gave up, which is confirmed",
                    intent.id, booking.id
                ));
            }
            if intent.captured != price {
                violations.push(format!(
                    "{} took {} for {}, which cost {price}",
                    intent.id, intent.captured, booking.id
                ));
            }
        }
    }
    // Nobody of the crowd buys at a cash desk, and nothing is free.
    let unpaid = evidence
        .ledger()
        .bookings
        .iter()
        .filter(|row| row.state == BookingState::Confirmed && row.payment_id.is_none());
    violations.extend(unpaid.map(|row| format!("{} is confirmed and nobody has paid", row.id)));
    for booking in confirmed.values() {
        sums.entry(booking.currency.clone()).or_default()[2] += booking.amount;
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

/// Promise 5: at most one refund of a payment, and one for each part that was given up.
pub(crate) fn refunded_once(evidence: &Evidence) -> Finding {
    let intents = &evidence.settled.provider.intents;
    let refunded = intents.iter().filter(|intent| intent.refunds > 0).count();
    let mut violations = Vec::new();
    for intent in intents {
        let names: BTreeSet<&String> = intent.parts.iter().map(|(name, _)| name).collect();
        let whole = intent.refunds as usize - intent.parts.len();
        if names.len() < intent.parts.len() || whole > 1 {
            violations.push(format!(
                "{}: refunded {whole} times, and these parts of it: {:?}",
                intent.id, intent.parts
            ));
        }
        if intent.refunded > intent.captured || intent.captures > 1 {
            violations.push(format!(
                "{}: captured {} times, refunded {} times, {} of {}",
                intent.id, intent.captures, intent.refunds, intent.refunded, intent.captured
            ));
        }
    }
    let parts: usize = intents.iter().map(|intent| intent.parts.len()).sum();
    let detail = format!("{refunded} refunds, {parts} of parts");
    Finding::new(5, "at most one refund a payment and part", refunded > 0, detail, violations)
}

/// Promise 28: a payment of another amount, currency or mode confirms nothing.
pub(crate) fn wrong_never_confirms(evidence: &Evidence) -> Finding {
    let states = evidence.states();
    let mut violations = Vec::new();
    let mut wrong = 0;
    for (_, asked) in evidence.webhooks("wrong_payment").filter(|(call, _)| call.status > 0) {
        wrong += 1;
        if states.get(asked.booking.as_str()) == Some(&BookingState::Confirmed) {
            violations.push(format!("{} confirmed by {}", asked.booking, asked.id));
        }
    }
    let confirmed = paid_bookings(evidence.ledger());
    let rows = evidence.ledger().bookings.iter();
    let bookings: BTreeMap<&str, &BookingRow> = rows.map(|row| (row.id.as_str(), row)).collect();
    for intent in &evidence.settled.provider.intents {
        let booking = intent.booking_id.as_deref().and_then(|booking| bookings.get(booking));
        let Some(booking) = booking else { continue };
        let differs = booking.amount + booking.shares() != intent.amount
            || booking.currency != intent.currency
            || intent.livemode;
        wrong += usize::from(differs);
        if differs && confirmed.contains_key(intent.id.as_str()) {
            violations.push(format!(
                "{} of {} {} confirmed {}",
                intent.id, intent.amount, intent.currency, booking.id
            ));
        }
    }
    let detail = format!("{wrong} wrong payments");
    Finding::new(28, "a wrong payment is no ticket", wrong > 0, detail, violations)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::super::Verdict;
    use super::super::evidence::tests::call;
    use super::*;
    use crate::inspect::ledger::SagaRow;
    use crate::inspect::ledger::tests::{booking, part};

    /// A payment of 100 EUR at the provider.
    pub(crate) fn intent(id: &str, booking: &str, captured: i64, refunded: i64) -> LedgerIntent {
        LedgerIntent {
            id: id.to_owned(),
            booking_id: Some(booking.to_owned()),
            amount: 100,
            currency: "EUR".to_owned(),
            livemode: false,
            status: "succeeded".to_owned(),
            authorised: 0,
            captured,
            refunded,
            canceled: false,
            captures: u32::from(captured > 0),
            refunds: u32::from(refunded > 0),
            parts: Vec::new(),
            attempts: BTreeMap::new(),
            created_s: 0,
        }
    }

    /// One payment became a ticket, one was given back.
    fn evidence() -> Evidence {
        let mut evidence = Evidence::default();
        let payment_id = Some("pi_1".to_owned());
        evidence.settled.ledger.bookings = vec![
            BookingRow { payment_id, ..booking("bk_1", BookingState::Confirmed, &["A-1-1"]) },
            booking("bk_2", BookingState::Expired, &["A-1-2"]),
        ];
        evidence.settled.provider.intents =
            vec![intent("pi_1", "bk_1", 100, 0), intent("pi_2", "bk_2", 100, 100)];
        evidence
    }

    /// The evidence with another second payment.
    fn with(second: LedgerIntent) -> Evidence {
        let mut evidence = evidence();
        evidence.settled.provider.intents[1] = second;
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
        evidence.settled.ledger.bookings[1].state = BookingState::Confirmed;
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
        let held = LedgerIntent { authorised: 100, ..intent("pi_2", "bk_2", 0, 0) };
        assert_eq!(settled(&with(held)).verdict, Verdict::Broken);
        let mut stuck = evidence();
        for (status, step, verdict) in [
            (SagaStatus::Running, "capture", Verdict::Broken),
            (SagaStatus::Dead, "capture", Verdict::Broken),
            (SagaStatus::Running, "await", Verdict::Kept),
        ] {
            let [id, subject, step] = ["payment:pi_2", "pi_2", step].map(str::to_owned);
            let saga = SagaRow { id, subject, status, step, last_error: None };
            stuck.settled.ledger.sagas = vec![saga];
            assert_eq!(settled(&stuck).verdict, verdict, "{:?}", stuck.settled.ledger.sagas);
        }
    }

    #[test]
    fn a_ticket_and_a_refund_break_it() {
        let mut both = evidence();
        both.settled.provider.intents[0] = intent("pi_1", "bk_1", 100, 100);
        assert_eq!(never_both(&both).verdict, Verdict::Broken);
        let mut free = evidence();
        free.settled.provider.intents[0] = intent("pi_1", "bk_1", 0, 0);
        assert_eq!(never_both(&free).verdict, Verdict::Broken);
    }

    #[test]
    fn a_second_refund_breaks_it() {
        let twice = LedgerIntent { refunds: 2, ..intent("pi_2", "bk_2", 100, 100) };
        assert_eq!(refunded_once(&with(twice)).verdict, Verdict::Broken);
    }

    /// One of the two places of the first booking was given up.
    #[test]
    fn a_share_goes_back_once_and_nothing_else_of_what_is_confirmed() {
        let parts = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 50)).collect();
        let kept = Some(Verdict::Kept);
        for (refunded, names, settles, agrees, is_once) in [
            (50, &["bk_1-1"][..], kept, kept, kept),
            (0, &[], None, None, kept),
            (100, &["bk_1-1", "bk_1-1"], kept, None, None),
            (100, &["bk_1-1", "bk_1-2"], kept, None, kept),
        ] {
            let mut evidence = evidence();
            let first = &mut evidence.settled.ledger.bookings[0];
            first.amount = 50;
            first.given_up = vec![part("bk_1", "A-1-9", 50)];
            let refunds = u32::try_from(names.len()).expect("a few");
            evidence.settled.provider.intents[0] = LedgerIntent {
                refunds,
                parts: parts(names),
                ..intent("pi_1", "bk_1", 100, refunded)
            };
            for (finding, verdict) in [
                (settled(&evidence), settles),
                (never_both(&evidence), agrees),
                (refunded_once(&evidence), is_once),
            ] {
                let verdict = verdict.unwrap_or(Verdict::Broken);
                assert_eq!(finding.verdict, verdict, "{refunded} {names:?}: {finding:?}");
            }
        }
    }

    #[test]
    fn a_ticket_for_a_wrong_payment_breaks_it() {
        let request = json!({ "id": "evt_1", "kind": "k", "booking": "bk_2" });
        let told = call("wrong_payment", request, (1, 2), 200, json!({}));
        let mut evidence = evidence();
        evidence.calls.push(told);
        assert_eq!(wrong_never_confirms(&evidence).verdict, Verdict::Kept);
        evidence.settled.ledger.bookings[1].state = BookingState::Confirmed;
        assert_eq!(wrong_never_confirms(&evidence).verdict, Verdict::Broken);

        let mut cheap = self::evidence();
        cheap.settled.provider.intents[0].amount = 1;
        assert_eq!(wrong_never_confirms(&cheap).verdict, Verdict::Broken);
    }
}
