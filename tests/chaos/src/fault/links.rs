//! Connections that break in all the ways in which connections break.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

use crate::fault::{Fault, Ground};
use crate::proxy::{Link, Mode};

impl Ground {
    /// Disturbs some of the links for a while.
    pub(crate) fn disturb_links(&self, fault: &Fault, random: &mut Rng) -> Result<String> {
        let (mode, ms) = match fault {
            Fault::CutReplies => (Mode::CutReplies(random.u8(20..40)), 4_500),
            Fault::BlackHole => (Mode::BlackHole, 2_800),
            Fault::Latency => (Mode::Latency(Duration::from_millis(random.u64(20..150))), 4_500),
            Fault::Trickle => (Mode::Trickle, 2_500),
            Fault::ResetReplies => (Mode::ResetInReply(random.u8(10..30)), 3_500),
            _ => (Mode::Refuse, 2_000),
        };
        let links: Vec<&Arc<Link>> = self.rig.links.all().collect();
        let chosen: Vec<&Arc<Link>> = match (mode, random.u8(0..3)) {
            // Everything away at once says little: one part at a time.
            (Mode::BlackHole | Mode::Refuse, _) | (_, 0) => {
                links.get(random.usize(0..links.len())).into_iter().copied().collect()
            }
            (_, 1) => self.rig.links.redis.iter().collect(),
            _ => links,
        };
        let before: u64 = chosen.iter().map(|link| link.disturbed()).sum();
        chosen.iter().for_each(|link| link.set(mode));
        self.rest(ms);
        chosen.iter().for_each(|link| link.set(Mode::Pass));
        let disturbed = chosen.iter().map(|link| link.disturbed()).sum::<u64>() - before;
        let names: Vec<_> = chosen.iter().map(|link| link.name.as_str()).collect();
        Ok(format!("{mode:?} on {}, {disturbed} times", names.join(" ")))
    }
}
