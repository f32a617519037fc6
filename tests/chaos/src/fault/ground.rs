//! Where faults happen: the rig, the crowd, and what is noted about them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use serde_json::json;
use stack::Reply;
use tokio::runtime::Handle;

use crate::fault::Fault;
use crate::fault::app::{ADMIT_PATH, CONFIRM_PATH};
use crate::fault::schedule::Planned;
use crate::history::{History, Window};
use crate::load::Crowd;
use crate::load::venue::Venue;
use crate::rig::Rig;

/// A cluster that is whole again within this has healed itself in time. The system promises to be
/// consistent 60 s after the last fault, so a fault that takes longer to heal would be our own.
const HEAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often something that happens by itself is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Where faults happen. Everything here blocks and runs on a thread for blocking work.
#[derive(Clone)]
pub struct Ground {
    /// What is broken.
    pub rig: Arc<Rig>,
    /// Who suffers.
    pub crowd: Arc<Crowd>,
    /// Where it is noted.
    pub history: Arc<History>,
    pub(crate) runtime: Handle,
    windows: Arc<Mutex<Vec<Window>>>,
    stopped: Arc<AtomicBool>,
}

impl Ground {
    /// Must be called inside of a runtime.
    pub fn new(rig: Arc<Rig>, crowd: Arc<Crowd>, history: Arc<History>) -> Self {
        let (windows, stopped) = (Arc::default(), Arc::default());
        Self { rig, crowd, history, runtime: Handle::current(), windows, stopped }
    }

    /// What was broken so far.
    pub fn windows(&self) -> Vec<Window> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on nothing new is broken.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Whether nothing new is to be broken.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Breaks something, heals it and notes both. Says in words where it hit.
    pub fn inject(&self, planned: &Planned) -> Result<Window> {
        let begun_us = self.history.now_us();
        let name = planned.fault.name();
        self.history.note(&json!({ "fault": name, "is": "beginning" }));
        let detail = self
            .break_and_heal(planned)
            .and_then(|detail| self.heal_all().map(|()| detail))
            .with_context(|| format!("the fault {name}"))?;
        let window = Window {
            fault: name,
            detail,
            begun_us,
            ended_us: self.history.now_us(),
            loses_writes: planned.fault.loses_writes(),
        };
        self.history.note(&json!({ "fault": &window, "is": "over" }));
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).push(window.clone());
        Ok(window)
    }

    fn break_and_heal(&self, planned: &Planned) -> Result<String> {
        let mut random = Rng::with_seed(planned.choice);
        match &planned.fault {
            Fault::MasterKill => self.master_kill(&mut random),
            Fault::ForcedLoss => self.forced_loss(&mut random),
            Fault::Zombie => self.zombie(&mut random),
            Fault::Stall => self.stall(&mut random),
            Fault::ReplicaStop => self.replica_stop(&mut random),
            Fault::ShardDown => self.shard_down(&mut random),
            Fault::TwoMasters => self.two_masters(&mut random),
            Fault::Failover => self.failover(&mut random),
            Fault::ScriptFlush => self.script_flush(),
            Fault::Flushall => self.flushall(&mut random),
            Fault::RestartEmpty => self.restart_empty(&mut random),
            Fault::ClientPause => self.client_pause(&mut random),
            Fault::Oom => self.out_of_memory(&mut random),
            Fault::HalfMovedSlot => self.half_moved_slot(&mut random),
            Fault::CutReplies
            | Fault::BlackHole
            | Fault::Latency
            | Fault::Trickle
            | Fault::ResetReplies
            | Fault::Refuse => self.disturb_links(&planned.fault, &mut random),
            Fault::PostgresStop => self.postgres_stop(),
            Fault::TerminateBackends => self.terminate_backends(&mut random),
            Fault::ReadOnly => self.read_only(),
            Fault::KillApp => self.kill_app(&mut random),
            Fault::KillAt(step, moment) => self.kill_at(step, *moment),
            Fault::ConfirmKills => self.kills_along(&CONFIRM_PATH),
            Fault::AdmitKills => self.kills_along(&ADMIT_PATH),
            Fault::DuplicateTicks => self.duplicate_ticks(&mut random),
            Fault::PausedWorker => self.paused_worker(&mut random),
            Fault::ProviderTimeouts | Fault::ProviderErrors | Fault::WebhookStorm => {
                self.disturb_provider(&planned.fault, &mut random)
            }
            Fault::PayAtExpiry | Fault::TwoTabs | Fault::CancelVsPay => {
                self.change_mood(&planned.fault)
            }
        }
    }

    /// Nothing may stay broken, whatever a fault forgot.
    fn heal_all(&self) -> Result<()> {
        self.rig.links.all().for_each(|link| link.set(crate::proxy::Mode::Pass));
        self.rig.links.trap.disarm();
        self.rig.system.redis.wait_until_ready()
    }

    /// An event on which the fault is to be felt.
    pub(crate) fn victim(&self, random: &mut Rng) -> Result<&Venue> {
        let venues = &self.crowd.venues;
        venues.get(random.usize(0..venues.len().max(1))).context("there are no events")
    }

    /// An event in which two rivals can want the same seat.
    pub(crate) fn victim_with_rivals(&self, random: &mut Rng) -> Result<&Venue> {
        let venues = self.crowd.venues.iter();
        let venues: Vec<&Venue> =
            venues.filter(|venue| !venue.has_queue && !venue.seated.is_empty()).collect();
        let venue = venues.get(random.usize(0..venues.len().max(1))).copied();
        venue.context("there is no event with seats and without a queue")
    }

    /// The slot of an event.
    pub(crate) fn slot_of(&self, event: &str) -> Result<u16> {
        let key = format!("box:{{{event}}}:settings");
        for node in 0..self.rig.system.redis.nodes().len() {
            let reply = self.rig.system.redis.command(node, &["CLUSTER", "KEYSLOT", &key]);
            if let Ok(Reply::Integer(slot)) = reply {
                return Ok(u16::try_from(slot)?);
            }
        }
        bail!("no Redis node answers")
    }

    /// The node that owns an event, and its slot.
    pub(crate) fn master_of(&self, event: &str) -> Result<(usize, u16)> {
        let slot = self.slot_of(event)?;
        Ok((self.rig.system.redis.master_of(slot)?, slot))
    }

    /// The replica of a master.
    pub(crate) fn replica_of(&self, master: usize) -> Result<usize> {
        let replicas = self.rig.system.redis.replicas_of(master)?;
        replicas.first().copied().with_context(|| format!("node {master} has no replica"))
    }

    /// Waits until somebody else than `before` owns the slot.
    pub(crate) fn wait_for_takeover(&self, slot: u16, before: usize) -> Result<usize> {
        let redis = &self.rig.system.redis;
        self.wait_until("a failover", || {
            let owner = redis.master_of(slot).ok().filter(|owner| *owner != before)?;
            // It owns the slot in the eyes of others first; it must say so itself.
            redis.command(owner, &["CLUSTER", "INFO"]).ok()?;
            Some(owner)
        })
    }

    pub(crate) fn wait_until<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if begun.elapsed() > HEAL_TIMEOUT {
                bail!("{what} did not happen within {} s", HEAL_TIMEOUT.as_secs());
            }
            sleep(LOOK_INTERVAL);
        }
    }

    pub(crate) fn rest(&self, ms: u64) {
        sleep(Duration::from_millis(ms));
    }
}
