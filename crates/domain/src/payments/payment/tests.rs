//! Every order and every repetition of events ends in the same place, and the money is somewhere.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn event(kind: &str, object: Value) -> ProviderEvent {
    let event = json!({"id": "evt_1", "type": kind, "data": {"object": object}});
    serde_json::from_value(event).unwrap()
}

fn intent(changes: Value) -> Value {
    let mut object = json!({"id": "pi_1", "amount": 5000, "currency": "eur",
        "metadata": {"booking_id": "bk_1"}});
    let members = object.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    object
}

#[test]
fn each_type_of_event_has_its_meaning() {
    for (kind, object, expected) in [
        (
            "payment_intent.amount_capturable_updated",
            intent(json!({"amount_capturable": 5000})),
            Some((ProviderState::Authorised, true, 0)),
        ),
        (
            "payment_intent.amount_capturable_updated",
            intent(json!({"amount_capturable": 4000})),
            Some((ProviderState::Authorised, false, 0)),
        ),
        (
            "payment_intent.succeeded",
            intent(json!({"amount_received": 5000})),
            Some((ProviderState::Captured, true, 0)),
        ),
        (
            "payment_intent.succeeded",
            intent(json!({"amount_received": 1})),
            Some((ProviderState::Captured, false, 0)),
        ),
        (
            "payment_intent.payment_failed",
            intent(json!({})),
            Some((ProviderState::Failed, true, 0)),
        ),
        ("payment_intent.canceled", intent(json!({})), Some((ProviderState::Canceled, true, 0))),
        (
            "charge.refunded",
            intent(json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 5000})),
            Some((ProviderState::Refunded, true, 5000)),
        ),
        (
            "charge.refunded",
            intent(json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 1000})),
            Some((ProviderState::Captured, true, 1000)),
        ),
        (
            "charge.refunded",
            intent(json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 5000,
                "captured": false})),
            Some((ProviderState::Canceled, true, 0)),
        ),
        // Nobody knows whether this is all of it: the provider is asked.
        (
            "charge.refunded",
            intent(json!({"id": "ch_1", "payment_intent": "pi_1", "amount": null,
                "amount_refunded": 5000})),
            Some((ProviderState::Captured, true, 5000)),
        ),
        // No payment is named, or nothing of the contract.
        ("charge.refunded", intent(json!({"id": "ch_1", "amount_refunded": 5000})), None),
        ("payment_intent.succeeded", intent(json!({"id": null})), None),
        ("payment_intent.succeeded", intent(json!({"id": ""})), None),
        ("payment_intent.created", intent(json!({})), None),
        ("charge.dispute.created", intent(json!({"payment_intent": "pi_1"})), None),
    ] {
        let amount = object["amount"].as_i64().unwrap_or_default();
        let news = event(kind, object).payment_news();
        let facts = news.as_ref().map(|news| (news.state, news.whole, news.amount_refunded));
        assert_eq!(facts, expected, "{kind}");
        assert!(news.is_none() || EVENT_KINDS.contains(&kind), "{kind}");
        if let Some(news) = news {
            assert_eq!((news.payment.as_str(), news.amount), ("pi_1", amount));
            assert_eq!((news.booking.as_deref(), news.currency.as_str()), (Some("bk_1"), "EUR"));
        }
    }
}

#[test]
fn each_type_that_is_asked_for_says_something() {
    for kind in EVENT_KINDS {
        let object = json!({"id": "pi_1", "payment_intent": "pi_1"});
        assert!(event(kind, object).payment_news().is_some(), "{kind}");
    }
}

#[test]
fn an_event_that_names_no_amount_is_worth_nothing() {
    let news = event("payment_intent.succeeded", json!({"id": "pi_1"})).payment_news().unwrap();
    assert_eq!((news.amount, news.currency.as_str(), news.booking), (0, "", None));
}

#[test]
fn states_and_steps_read_as_they_are_written() {
    for pair in ProviderState::ALL.windows(2) {
        assert!(pair[0] < pair[1]);
    }
    for state in ProviderState::ALL {
        let word = json!(state.as_str());
        assert_eq!(serde_json::to_value(state).unwrap(), word);
        assert_eq!(serde_json::from_value::<ProviderState>(word).unwrap(), state);
    }
    for decision in [Decision::Keep, Decision::GiveBack] {
        assert_eq!(serde_json::to_value(decision).unwrap(), json!(decision.as_str()));
    }
}

#[test]
fn a_share_goes_back_from_what_is_kept_and_taken_alone() {
    for state in ProviderState::ALL {
        for decision in [None, Some(Decision::Keep), Some(Decision::GiveBack)] {
            let owed = next_step(state, decision, true);
            if (state, decision) == (ProviderState::Captured, Some(Decision::Keep)) {
                assert_eq!(owed, PaymentStep::RefundPart);
            } else {
                assert_eq!(owed, next_step(state, decision, false), "{state:?} {decision:?}");
            }
        }
    }
}

/// What our side does between two messages of the provider, as far as money goes.
fn work(payment: (ProviderState, Option<Decision>), seats_free: bool) -> Option<Decision> {
    match next_step(payment.0, payment.1, false) {
        PaymentStep::Settle if payment.0 == ProviderState::Refunded => Some(Decision::GiveBack),
        PaymentStep::Settle if seats_free => Some(Decision::Keep),
        PaymentStep::Settle => Some(Decision::GiveBack),
        PaymentStep::Withdraw => Some(Decision::GiveBack),
        PaymentStep::Await
        | PaymentStep::Capture
        | PaymentStep::GiveBack
        | PaymentStep::RefundPart
        | PaymentStep::Done => payment.1,
    }
}

/// One event of each kind, as the provider may send it.
fn one_of_each() -> Vec<ProviderState> {
    ProviderState::ALL.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// All orders and repetitions of any set of events raise the payment to the same state.
    #[test]
    fn any_order_and_number_of_events_ends_in_the_same_state(
        events in proptest::sample::subsequence(one_of_each(), 1..=7),
        seed in any::<prop::sample::Index>(),
        shuffled in Just(one_of_each()).prop_shuffle(),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let fold = |events: &[ProviderState]| {
            events.iter().fold(ProviderState::default(), |state, event| state.raised_to(*event))
        };
        let expected = fold(&events);
        let mut delivered: Vec<_> =
            shuffled.into_iter().filter(|state| events.contains(state)).collect();
        for index in repeated {
            let again = events[index.index(events.len())];
            delivered.insert(seed.index(delivered.len() + 1), again);
        }
        prop_assert_eq!(fold(&delivered), expected);
    }

    /// Whenever our side works between the events, it ends where money and seats agree: a payment
    /// that is kept is or can be captured, and what is given back is not kept.
    #[test]
    fn money_and_decision_agree_whenever_we_work_in_between(
        events in Just(one_of_each()).prop_shuffle(),
        length in 1..=7_usize,
        works in prop::collection::vec(any::<bool>(), 7),
        seats_free in any::<bool>(),
    ) {
        let mut payment = (ProviderState::default(), None);
        for (event, work_now) in events.into_iter().take(length).zip(works) {
            payment.0 = payment.0.raised_to(event);
            if work_now {
                payment.1 = work(payment, seats_free);
            }
        }
        payment.1 = work(payment, seats_free);
        let step = next_step(payment.0, payment.1, false);
        match payment.1 {
            Some(Decision::Keep) => prop_assert!(
                payment.0 == ProviderState::Captured && step == PaymentStep::Done
                    || payment.0 == ProviderState::Authorised && step == PaymentStep::Capture
            ),
            Some(Decision::GiveBack) => prop_assert_eq!(
                step == PaymentStep::Done,
                payment.0.is_settled_without_money()
            ),
            // Nothing is undecided while the provider holds money.
            None => prop_assert!(
                !matches!(payment.0, ProviderState::Authorised | ProviderState::Captured)
            ),
        }
    }
}
