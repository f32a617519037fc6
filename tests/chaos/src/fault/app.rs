//! The application dies, runs twice, freezes.

use anyhow::{Context, Result};
use fastrand::Rng;
use reqwest::Method;
use serde_json::json;

use crate::fault::Ground;
use crate::load::desk::Ask;
use crate::proxy::steps;
use crate::proxy::trap::{Action, Moment};

/// How long a step is waited for: a fan pays about every second.
const STEP_WAIT_MS: u64 = 6_000;
/// The steps from a provider's webhook to the captured payment, in their order.
pub(crate) const CONFIRM_PATH: [&str; 5] = [
    "postgres.record_provider_event",
    "redis.pin_hold",
    "postgres.confirm_booking",
    "redis.confirm_booking",
    "provider.capture",
];
/// The steps of letting in, in their order: the worker comes to them each second.
pub(crate) const ADMIT_PATH: [&str; 2] = ["redis.sweep_absent", "redis.admit_users"];
/// Runs of the worker at the same time.
const TICKS_AT_ONCE: usize = 6;
/// Longer than a short hold lives.
const FROZEN_MS: u64 = 8_000;

impl Ground {
    pub(crate) fn kill_app(&self, random: &mut Rng) -> Result<String> {
        self.rest(random.u64(0..700));
        self.rig.system.application().kill()?;
        self.rest(random.u64(0..500));
        self.rig.revive()?;
        Ok(String::new())
    }

    /// Waits for the step, ends the application there and starts it again.
    pub(crate) fn kill_at(&self, step: &str, moment: Moment) -> Result<String> {
        let trap = &self.rig.links.trap;
        trap.arm(step, moment, Action::Kill);
        let mut waited_ms = 0;
        while !trap.is_sprung() && waited_ms < STEP_WAIT_MS {
            self.rest(10);
            waited_ms += 10;
        }
        if !trap.disarm() {
            // A step that has begun to close springs within a second.
            self.rest(700);
            if !trap.disarm() {
                return Ok(format!("{step} did not come"));
            }
        }
        self.rig.revive()?;
        Ok(format!("{step}, {} it, after {waited_ms} ms", moment.as_str()))
    }

    /// Ends the application before and after each of these steps, one after the other.
    pub(crate) fn kills_along(&self, path: &[&str]) -> Result<String> {
        let mut told = Vec::new();
        for step in path.iter().filter(|step| steps::named(step).is_some()) {
            for moment in [Moment::Before, Moment::After] {
                if !self.is_stopped() {
                    told.push(self.kill_at(step, moment)?);
                }
            }
        }
        Ok(told.join("; "))
    }

    pub(crate) fn duplicate_ticks(&self, random: &mut Rng) -> Result<String> {
        let key = self.crowd.desk.keys.worker.clone();
        let mut done = 0;
        for _ in 0..6 {
            let ticks = (0..TICKS_AT_ONCE).map(async |_| {
                let ask = Ask::new("tick", Method::POST, "/internal/tick").token(&key);
                self.crowd.desk.call(0, ask.facts(json!({}))).await.is_ok()
            });
            let answers = self.runtime.block_on(futures_util::future::join_all(ticks));
            done += answers.into_iter().filter(|ok| *ok).count();
            self.rest(random.u64(50..400));
        }
        Ok(format!("{done} runs"))
    }

    /// A second worker sweeps beside the first, freezes with a sweep on its way, and the sweep
    /// arrives when the holds it speaks of are long resolved.
    pub(crate) fn paused_worker(&self, random: &mut Rng) -> Result<String> {
        let _entered = self.runtime.enter();
        let (application, links) = self.rig.second_application()?;
        let step = ["redis.expire_holds", "postgres.drain_journal"][random.usize(0..2)];
        let moment = if random.bool() { Moment::Before } else { Moment::After };
        links.trap.arm(step, moment, Action::Freeze);
        let mut waited_ms = 0;
        while !links.trap.is_sprung() && waited_ms < STEP_WAIT_MS {
            self.rest(20);
            waited_ms += 20;
        }
        let is_sprung = links.trap.is_sprung();
        if is_sprung {
            self.rest(FROZEN_MS);
            application.resume()?;
            links.trap.let_go();
            self.rest(1_500);
        }
        application.stop().context("the second application does not stop")?;
        Ok(match is_sprung {
            true => format!("frozen {} {step} for {FROZEN_MS} ms", moment.as_str()),
            false => format!("{step} did not come"),
        })
    }
}
