//! What is broken on purpose, and when.

mod app;
mod ground;
mod links;
mod money;
mod nodes;
mod postgres;
mod probe;
mod redis;
pub mod schedule;
mod slot;

pub use ground::Ground;
pub use money::background;

use crate::proxy::steps;
use crate::proxy::trap::Moment;

/// A fault by its name on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// kill -9 of a master under load.
    MasterKill,
    /// The replica's link is cut, then the master killed: acknowledged writes are lost.
    ForcedLoss,
    /// A master is frozen until another has taken over, and thaws with commands in its queue.
    Zombie,
    /// A master is frozen for less than the node timeout.
    Stall,
    /// A replica is frozen.
    ReplicaStop,
    /// A master and its replica are killed.
    ShardDown,
    /// Two of three masters are killed: no quorum.
    TwoMasters,
    /// A failover by hand: in order, forced, or taken.
    Failover,
    /// Scripts are forgotten.
    ScriptFlush,
    /// Everything is forgotten.
    Flushall,
    /// A master comes back without its data before anybody misses it.
    RestartEmpty,
    /// Writes are held up by the server.
    ClientPause,
    /// The memory is full.
    Oom,
    /// A slot is moved half, then whole.
    HalfMovedSlot,
    /// Requests arrive and their replies do not.
    CutReplies,
    /// Nothing arrives and nothing closes.
    BlackHole,
    /// Everything is slow.
    Latency,
    /// One byte at a time.
    Trickle,
    /// Connections are reset in the middle of a reply.
    ResetReplies,
    /// Connections are refused.
    Refuse,
    /// Postgres stops at once, in the middle of commits.
    PostgresStop,
    /// Sessions of Postgres are ended at random.
    TerminateBackends,
    /// Postgres takes no writes.
    ReadOnly,
    /// kill -9 of the application at any moment.
    KillApp,
    /// kill -9 of the application at a step.
    KillAt(String, Moment),
    /// kill -9 of the application at each step of the confirm path, one after the other.
    ConfirmKills,
    /// kill -9 of the application before and after it lets fans in, and before and after it takes
    /// absent ones out of the line.
    AdmitKills,
    /// The worker's jobs run many times at once.
    DuplicateTicks,
    /// A second worker is frozen in the middle of a sweep, longer than holds live.
    PausedWorker,
    /// The provider applies and does not answer.
    ProviderTimeouts,
    /// The provider answers 409, 429, 500.
    ProviderErrors,
    /// Webhooks are lost, doubled, reordered, late.
    WebhookStorm,
    /// Many pay in the moment in which their hold ends.
    PayAtExpiry,
    /// Many pay in two tabs.
    TwoTabs,
    /// Many cancel while they pay.
    CancelVsPay,
}

/// Every fault that stands for itself; [`Fault::KillAt`] has one for each step and moment.
const SINGLE: [(&str, Fault, u64); 34] = [
    ("master-kill", Fault::MasterKill, 10),
    ("forced-loss", Fault::ForcedLoss, 12),
    ("zombie", Fault::Zombie, 12),
    ("stall", Fault::Stall, 3),
    ("replica-stop", Fault::ReplicaStop, 5),
    ("shard-down", Fault::ShardDown, 10),
    ("two-masters", Fault::TwoMasters, 9),
    ("failover", Fault::Failover, 5),
    ("script-flush", Fault::ScriptFlush, 2),
    ("flushall", Fault::Flushall, 4),
    ("restart-empty", Fault::RestartEmpty, 5),
    ("client-pause", Fault::ClientPause, 4),
    ("oom", Fault::Oom, 4),
    ("half-moved-slot", Fault::HalfMovedSlot, 6),
    ("cut-replies", Fault::CutReplies, 6),
    ("black-hole", Fault::BlackHole, 4),
    ("latency", Fault::Latency, 6),
    ("trickle", Fault::Trickle, 4),
    ("reset-replies", Fault::ResetReplies, 5),
    ("refuse", Fault::Refuse, 3),
    ("postgres-stop", Fault::PostgresStop, 6),
    ("terminate-backends", Fault::TerminateBackends, 4),
    ("read-only", Fault::ReadOnly, 4),
    ("kill-app", Fault::KillApp, 5),
    ("confirm-kills", Fault::ConfirmKills, 32),
    ("admit-kills", Fault::AdmitKills, 14),
    ("duplicate-ticks", Fault::DuplicateTicks, 4),
    ("paused-worker", Fault::PausedWorker, 20),
    ("provider-timeouts", Fault::ProviderTimeouts, 8),
    ("provider-errors", Fault::ProviderErrors, 8),
    ("webhook-storm", Fault::WebhookStorm, 8),
    ("pay-at-expiry", Fault::PayAtExpiry, 9),
    ("two-tabs", Fault::TwoTabs, 6),
    ("cancel-vs-pay", Fault::CancelVsPay, 6),
];

/// Seconds that a kill at one step may take: until the step comes, and the start after it.
const KILL_AT_SPAN_S: u64 = 9;

impl Fault {
    /// Every fault, each step and moment of `kill-at` included.
    pub fn all() -> Vec<Self> {
        let single = SINGLE.iter().map(|(_, fault, _)| fault.clone());
        single.chain(Self::kills()).collect()
    }

    /// `kill-at` for each step and moment.
    fn kills() -> impl Iterator<Item = Self> {
        steps::all().iter().filter(|step| step.comes_by_itself).flat_map(|step| {
            [Moment::Before, Moment::After].map(|moment| Self::KillAt(step.name.clone(), moment))
        })
    }

    /// The name on the command line.
    pub fn name(&self) -> String {
        if let Self::KillAt(step, moment) = self {
            return format!("kill-at:{step}:{}", moment.as_str());
        }
        let found = SINGLE.iter().find(|(_, fault, _)| fault == self);
        found.map_or("", |(name, ..)| name).to_owned()
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|fault| fault.name() == name)
    }

    /// About how many seconds it takes, healing included.
    pub fn span_s(&self) -> u64 {
        let found = SINGLE.iter().find(|(_, fault, _)| fault == self);
        found.map_or(KILL_AT_SPAN_S, |(.., span_s)| *span_s)
    }

    /// Whether Redis may lose writes that it has acknowledged: then two may hold one seat, a place
    /// in the queue or a stored answer may be gone.
    pub fn loses_writes(&self) -> bool {
        matches!(
            self,
            Self::MasterKill
                | Self::ForcedLoss
                | Self::Zombie
                | Self::ShardDown
                | Self::TwoMasters
                | Self::Failover
                | Self::Flushall
                | Self::RestartEmpty
        )
    }

    /// Whether the system cannot be expected to sweep in time meanwhile.
    pub fn disturbs(&self) -> bool {
        !matches!(
            self,
            Self::DuplicateTicks
                | Self::WebhookStorm
                | Self::PayAtExpiry
                | Self::TwoTabs
                | Self::CancelVsPay
                | Self::ScriptFlush
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let mut names: Vec<_> = Fault::all().iter().map(Fault::name).collect();
        let count = names.len();
        assert!(names.iter().all(|name| Fault::named(name).is_some() && !name.is_empty()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(Fault::named("kill-at:postgres.confirm_booking:before").is_some());
    }
}
