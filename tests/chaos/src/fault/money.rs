//! The provider misbehaves, and fans pay in unfortunate moments.

use anyhow::Result;
use fake_provider::{CallFault, FaultKind, Faults, Operation, WebhookFaults};
use fastrand::Rng;

use crate::fault::{Fault, Ground};
use crate::load::Mood;

/// How long most fans do the same unfortunate thing.
const MOOD_MS: u64 = 5_000;

/// How long the provider misbehaves.
const PROVIDER_MS: u64 = 6_500;

/// A fault in this share of all calls.
fn sometimes(fault: FaultKind, probability: f64) -> CallFault {
    CallFault { fault, operation: None, about: None, probability, times: None, delay_ms: None }
}

/// What the provider does all the time: a few webhooks are doubled, a few are lost, and all of
/// them overtake each other.
pub fn background() -> Faults {
    let webhooks =
        WebhookFaults { lost: 0.02, doubled: 0.1, copies: 3, delay_ms: 250, ..Default::default() };
    Faults { webhooks, ..Faults::default() }
}

fn timeouts() -> Vec<CallFault> {
    vec![
        sometimes(FaultKind::TimeoutAfter, 0.2),
        sometimes(FaultKind::TimeoutBefore, 0.1),
        sometimes(FaultKind::CutAfter, 0.2),
        sometimes(FaultKind::CutBefore, 0.1),
        CallFault { delay_ms: Some(2_000), ..sometimes(FaultKind::Slow, 0.2) },
    ]
}

fn errors() -> Vec<CallFault> {
    vec![
        sometimes(FaultKind::Conflict, 0.1),
        sometimes(FaultKind::RateLimited, 0.1),
        sometimes(FaultKind::Unavailable, 0.1),
        sometimes(FaultKind::ErrorSaved, 0.15),
        sometimes(FaultKind::ErrorApplied, 0.15),
        CallFault::new(Operation::Cancel, FaultKind::PaidFirst),
        CallFault { probability: 0.3, ..CallFault::new(Operation::Create, FaultKind::WrongAmount) },
        CallFault { probability: 0.2, ..CallFault::new(Operation::Create, FaultKind::OtherMode) },
        CallFault {
            probability: 0.2,
            ..CallFault::new(Operation::Create, FaultKind::OtherCurrency)
        },
    ]
}

fn storm(random: &mut Rng) -> WebhookFaults {
    WebhookFaults {
        lost: 0.3,
        doubled: 0.6,
        copies: random.u32(2..20),
        delay_ms: 2_500,
        before_answer: 0.3,
        ..WebhookFaults::default()
    }
}

impl Ground {
    pub(crate) fn disturb_provider(&self, fault: &Fault, random: &mut Rng) -> Result<String> {
        let faults = match fault {
            Fault::ProviderTimeouts => Faults { calls: timeouts(), ..background() },
            Fault::ProviderErrors => Faults { calls: errors(), ..background() },
            _ => Faults { webhooks: storm(random), ..Faults::default() },
        };
        self.runtime.block_on(self.rig.controls.set_faults(&faults))?;
        self.rest(PROVIDER_MS);
        self.runtime.block_on(self.rig.controls.set_faults(&background()))?;
        Ok(format!("for {PROVIDER_MS} ms"))
    }

    pub(crate) fn change_mood(&self, fault: &Fault) -> Result<String> {
        let (mood, ms) = match fault {
            // A hold has to end in it.
            Fault::PayAtExpiry => (Mood::PayAtExpiry, MOOD_MS + 3_000),
            Fault::TwoTabs => (Mood::PayInTwoTabs, MOOD_MS),
            _ => (Mood::CancelWhilePaying, MOOD_MS),
        };
        self.crowd.set_mood(Some(mood));
        self.rest(ms);
        self.crowd.set_mood(None);
        Ok(format!("for {ms} ms"))
    }
}
