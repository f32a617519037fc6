//! A slot that is on its way from one master to another.

use anyhow::{Context, Result};
use fastrand::Rng;
use stack::Reply;

use crate::fault::Ground;

/// How long the slot stays as it is at each stage.
const STAGE_MS: u64 = 1_300;
/// Keys of a slot that are asked for; an event has some fifteen.
const KEYS_MAX: &str = "1000";
/// How long the move of one key may take.
const MOVE_TIMEOUT_MS: &str = "2000";

impl Ground {
    pub(crate) fn half_moved_slot(&self, random: &mut Rng) -> Result<String> {
        let venue = self.victim(random)?;
        let redis = &self.rig.system.redis;
        let (source, slot) = self.master_of(&venue.id)?;
        let masters: Vec<usize> = [0, 7_000, 16_000]
            .into_iter()
            .filter_map(|slot| redis.master_of(slot).ok())
            .filter(|master| *master != source)
            .collect();
        let target = *masters.first().context("there is no other master")?;
        let id = |node: usize| {
            redis.command(node, &["CLUSTER", "MYID"]).map(|reply| reply.text().to_owned())
        };
        let (source_id, target_id) = (id(source)?, id(target)?);
        let number = slot.to_string();
        redis.command(target, &["CLUSTER", "SETSLOT", &number, "IMPORTING", &source_id])?;
        redis.command(source, &["CLUSTER", "SETSLOT", &number, "MIGRATING", &target_id])?;
        self.rest(STAGE_MS);

        let port = redis.nodes()[target].rsplit(':').next().unwrap_or_default().to_owned();
        let half = self.keys_of(source, &number)?.len() / 2;
        self.move_keys(source, &number, &port, half)?;
        self.rest(STAGE_MS);
        // Until nothing is left: scripts may have made keys meanwhile.
        while self.move_keys(source, &number, &port, usize::MAX)? > 0 {}
        redis.command(target, &["CLUSTER", "SETSLOT", &number, "NODE", &target_id])?;
        redis.command(source, &["CLUSTER", "SETSLOT", &number, "NODE", &target_id])?;
        Ok(format!("slot {slot} of event `{}` from node {source} to node {target}", venue.name))
    }

    fn keys_of(&self, node: usize, slot: &str) -> Result<Vec<String>> {
        let words = ["CLUSTER", "GETKEYSINSLOT", slot, KEYS_MAX];
        let Reply::List(keys) = self.rig.system.redis.command(node, &words)? else {
            return Ok(Vec::new());
        };
        Ok(keys.iter().map(|key| key.text().to_owned()).collect())
    }

    /// Moves up to `most` keys; how many it has moved.
    fn move_keys(&self, source: usize, slot: &str, port: &str, most: usize) -> Result<usize> {
        let keys = self.keys_of(source, slot)?;
        let mut moved = 0;
        for key in keys.iter().take(most) {
            let words = ["MIGRATE", "127.0.0.1", port, key, "0", MOVE_TIMEOUT_MS];
            self.rig.system.redis.command(source, &words)?;
            moved += 1;
        }
        Ok(moved)
    }
}
