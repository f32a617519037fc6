//! Redis nodes that forget, refuse and wait.

use anyhow::Result;
use fastrand::Rng;

use crate::fault::Ground;

/// How long writes wait in the server.
const PAUSE_MS: &str = "2500";
/// How long the memory is full.
const FULL_MS: u64 = 3_000;
/// Less than an empty Redis uses.
const FULL: &str = "1mb";

impl Ground {
    pub(crate) fn script_flush(&self) -> Result<String> {
        for _ in 0..3 {
            for node in 0..self.rig.system.redis.nodes().len() {
                self.rig.system.redis.command(node, &["SCRIPT", "FLUSH"])?;
            }
            self.rest(300);
        }
        Ok("all nodes, three times".to_owned())
    }

    pub(crate) fn flushall(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        let rivals = self.rivals(venue, random);
        let first = self.hold_first(&rivals);
        self.rig.system.redis.command(master, &["FLUSHALL"])?;
        let second = self.hold_second(&rivals);
        let rivalry = self.pay_both(first, second);
        Ok(format!("node {master} of event `{}`; {rivalry}", venue.name))
    }

    pub(crate) fn client_pause(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        self.rig.system.redis.command(master, &["CLIENT", "PAUSE", PAUSE_MS, "WRITE"])?;
        self.rest(PAUSE_MS.parse()?);
        Ok(format!("node {master} of event `{}`", venue.name))
    }

    pub(crate) fn out_of_memory(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let (master, _) = self.master_of(&venue.id)?;
        let redis = &self.rig.system.redis;
        redis.command(master, &["CONFIG", "SET", "maxmemory", FULL])?;
        self.rest(FULL_MS);
        redis.command(master, &["CONFIG", "SET", "maxmemory", "0"])?;
        Ok(format!("node {master} of event `{}`", venue.name))
    }
}
