//! Redis nodes that die, freeze and come back.

use anyhow::Result;
use fastrand::Rng;

use crate::fault::Ground;

/// Less than the node timeout of 2 s.
const STALL_MS: u64 = 1_300;
/// How long writes are taken that nobody will remember.
const LOSS_MS: u64 = 900;
/// How long something is away.
const AWAY_MS: u64 = 3_000;

impl Ground {
    pub(crate) fn master_kill(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, slot) = self.master_of(&venue.id)?;
        let redis = &self.rig.system.redis;
        redis.kill(master)?;
        let successor = self.wait_for_takeover(slot, master)?;
        redis.restart(master)?;
        Ok(format!("node {master} of event `{}`, taken over by node {successor}", venue.name))
    }

    /// Two fans hold the same seat: one before the loss, one after it; both pay. In half of the
    /// cases the first pays before the loss, and it is the sale that Redis forgets.
    pub(crate) fn forced_loss(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim_with_rivals(random)?;
        let (master, slot) = self.master_of(&venue.id)?;
        let replica = self.replica_of(master)?;
        let redis = &self.rig.system.redis;
        let rivals = self.rivals(venue, random);

        redis.pause(replica)?;
        let cut = redis.command(master, &["CLIENT", "KILL", "TYPE", "replica"]);
        let mut first = self.hold_first(&rivals);
        if random.bool() {
            self.pay_first(&mut first);
        }
        self.rest(LOSS_MS);
        // Dead before the replica can ask it for what it has missed.
        redis.kill(master)?;
        redis.resume(replica)?;
        cut?;
        self.wait_for_takeover(slot, master)?;
        let second = self.hold_second(&rivals);
        let rivalry = self.pay_both(first, second);
        redis.restart(master)?;
        Ok(format!("node {master} of event `{}`; {rivalry}", venue.name))
    }

    /// As [`Self::forced_loss`], but the master is frozen. It thaws with the crowd's commands in
    /// its buffers, and for a moment believes that it is still the master.
    pub(crate) fn zombie(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim_with_rivals(random)?;
        let (master, slot) = self.master_of(&venue.id)?;
        let replica = self.replica_of(master)?;
        let redis = &self.rig.system.redis;
        let rivals = self.rivals(venue, random);

        redis.pause(replica)?;
        let cut = redis.command(master, &["CLIENT", "KILL", "TYPE", "replica"]);
        let first = self.hold_first(&rivals);
        self.rest(LOSS_MS);
        // Frozen before the replica can ask it for what it has missed.
        redis.pause(master)?;
        redis.resume(replica)?;
        let taken = cut.and_then(|_| self.wait_for_takeover(slot, master));
        let second = taken.is_ok().then(|| self.hold_second(&rivals)).flatten();
        redis.resume(master)?;
        let successor = taken?;
        let rivalry = self.pay_both(first, second);
        Ok(format!(
            "node {master} of event `{}` thawed after node {successor} had taken over; {rivalry}",
            venue.name
        ))
    }

    pub(crate) fn stall(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        self.rig.system.redis.pause(master)?;
        self.rest(STALL_MS);
        self.rig.system.redis.resume(master)?;
        Ok(format!("node {master} of event `{}`", venue.name))
    }

    pub(crate) fn replica_stop(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        let replica = self.replica_of(master)?;
        self.rig.system.redis.pause(replica)?;
        self.rest(AWAY_MS);
        self.rig.system.redis.resume(replica)?;
        Ok(format!("node {replica}, the replica of event `{}`", venue.name))
    }

    pub(crate) fn shard_down(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        let replica = self.replica_of(master)?;
        let redis = &self.rig.system.redis;
        redis.kill(replica)?;
        redis.kill(master)?;
        self.rest(AWAY_MS);
        redis.restart(master)?;
        redis.restart(replica)?;
        Ok(format!("nodes {master} and {replica} of event `{}`", venue.name))
    }

    pub(crate) fn two_masters(&self, random: &mut Rng) -> Result<String> {
        let redis = &self.rig.system.redis;
        let first = redis.master_of(random.u16(0..5_000))?;
        let second = redis.master_of(random.u16(11_000..16_384))?;
        redis.kill(first)?;
        redis.kill(second)?;
        self.rest(AWAY_MS);
        redis.restart(first)?;
        redis.restart(second)?;
        Ok(format!("nodes {first} and {second}"))
    }

    pub(crate) fn failover(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, slot) = self.master_of(&venue.id)?;
        let replica = self.replica_of(master)?;
        let how = match random.u8(0..3) {
            0 => "",
            1 => "FORCE",
            _ => "TAKEOVER",
        };
        let words = ["CLUSTER", "FAILOVER", how];
        let words = if how.is_empty() { &words[..2] } else { &words[..] };
        self.rig.system.redis.command(replica, words)?;
        self.wait_for_takeover(slot, master)?;
        Ok(format!("node {replica} for node {master} of event `{}` {how}", venue.name))
    }

    pub(crate) fn restart_empty(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        self.rig.system.redis.restart_empty(master)?;
        Ok(format!("node {master} of event `{}`", venue.name))
    }
}
