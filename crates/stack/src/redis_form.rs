//! Makes a cluster of running nodes, and waits until a cluster is fine.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::redis_cluster::MASTERS;
use crate::redis_node::RedisNode;
use crate::resp::Connection;

/// Redis Cluster has this many slots.
const SLOTS: usize = 16_384;

/// Forming takes about 3 s, 2 of which a new master waits before it serves. A busy machine and a
/// restart with a failover on top stay well below this.
const FORM_TIMEOUT: Duration = Duration::from_secs(60);

/// Gossip between nodes runs ten times a second; asking faster shows nothing new.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Forms the cluster if the nodes are new, and waits until it is fine.
pub(crate) fn form(nodes: &[RedisNode]) -> Result<()> {
    if !is_formed(nodes)? {
        let addresses: Vec<u16> = nodes.iter().map(|node| node.port).collect();
        // All of them before the first is introduced: a node that knows another takes no epoch.
        for (index, node) in nodes.iter().enumerate() {
            prepare(&mut node.connect()?, index)?;
        }
        for (index, node) in nodes.iter().enumerate() {
            introduce(&mut node.connect()?, index, &addresses)?;
        }
        for (index, node) in nodes.iter().enumerate().skip(MASTERS) {
            let master = &nodes[index - MASTERS];
            replicate(&mut node.connect()?, &mut master.connect()?)?;
        }
    }
    wait_until_ready(nodes)
}

/// Waits until every node that answers is content.
pub(crate) fn wait_until_ready(nodes: &[RedisNode]) -> Result<()> {
    let start = Instant::now();
    loop {
        let complaint = nodes.iter().find_map(|node| complaint(node, nodes.len()));
        let Some(complaint) = complaint else { return Ok(()) };
        if start.elapsed() > FORM_TIMEOUT {
            bail!("not ready after {} s: {complaint}", FORM_TIMEOUT.as_secs());
        }
        sleep(POLL_INTERVAL);
    }
}

/// A node that was part of the cluster before knows the others.
fn is_formed(nodes: &[RedisNode]) -> Result<bool> {
    let mut known = 0;
    for node in nodes {
        known += facts(&mut node.connect()?, &["CLUSTER", "INFO"])?.number("cluster_known_nodes");
    }
    Ok(known > nodes.len())
}

/// Gives a node its epoch, and a master its slots.
fn prepare(redis: &mut Connection, index: usize) -> Result<()> {
    let epoch = (index + 1).to_string();
    redis.command(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch])?;
    if index < MASTERS {
        let slots: Vec<String> = slots_of(index).map(|slot| slot.to_string()).collect();
        let mut words = vec!["CLUSTER", "ADDSLOTS"];
        words.extend(slots.iter().map(String::as_str));
        redis.command(&words)?;
    }
    Ok(())
}

/// Introduces a node to all others. All pairs are introduced because that is faster than waiting
/// for gossip to spread the word.
fn introduce(redis: &mut Connection, index: usize, ports: &[u16]) -> Result<()> {
    for port in ports.iter().skip(index + 1) {
        redis.command(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string()])?;
    }
    Ok(())
}

/// The slots of a master: equal shares, in order.
fn slots_of(master: usize) -> std::ops::Range<usize> {
    let bound = |index: usize| (index * SLOTS + MASTERS / 2) / MASTERS;
    bound(master)..bound(master + 1)
}

/// Makes a node the replica of a master, as soon as it knows the master.
fn replicate(replica: &mut Connection, master: &mut Connection) -> Result<()> {
    let id = master.command(&["CLUSTER", "MYID"])?.text().to_owned();
    let start = Instant::now();
    while let Err(error) = replica.command(&["CLUSTER", "REPLICATE", &id]) {
        if start.elapsed() > FORM_TIMEOUT {
            return Err(error).context("a replica never got to know its master");
        }
        sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// What one node still finds wrong; `None` when it is down.
fn complaint(node: &RedisNode, nodes: usize) -> Option<String> {
    let mut redis = node.connect().ok()?;
    let address = node.address();
    match check(&mut redis, nodes) {
        Ok(None) => None,
        Ok(Some(complaint)) => Some(format!("node {address}: {complaint}")),
        Err(error) => Some(format!("node {address}: {error:#}")),
    }
}

fn check(redis: &mut Connection, nodes: usize) -> Result<Option<String>> {
    let cluster = facts(redis, &["CLUSTER", "INFO"])?;
    if cluster.text("cluster_state") != "ok" {
        return Ok(Some(format!("cluster_state:{}", cluster.text("cluster_state"))));
    }
    if cluster.number("cluster_slots_ok") != SLOTS || cluster.number("cluster_known_nodes") < nodes
    {
        return Ok(Some("does not know all nodes and slots yet".to_owned()));
    }
    let replication = facts(redis, &["INFO", "replication"])?;
    if replication.text("role") == "slave" {
        if replication.text("master_link_status") != "up" {
            return Ok(Some("replica is not in sync yet".to_owned()));
        }
        return Ok(None);
    }
    let topology = redis.command(&["CLUSTER", "NODES"])?;
    let mine = topology.text().lines().find(|line| line.contains("myself")).unwrap_or_default();
    let id = mine.split(' ').next().unwrap_or_default();
    let followers = |line: &&str| line.split(' ').nth(3) == Some(id) && !line.contains("fail");
    let expected = topology.text().lines().filter(followers).count();
    let in_sync = (0..expected)
        .filter(|index| replication.text(&format!("slave{index}")).contains("state=online"))
        .count();
    let all_joined = in_sync == expected && !topology.text().contains("handshake");
    Ok((!all_joined).then(|| format!("{in_sync} of {expected} replicas are in sync")))
}

/// `name:value` lines.
struct Facts(HashMap<String, String>);

impl Facts {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> usize {
        self.text(name).parse().unwrap_or(0)
    }
}

fn facts(redis: &mut Connection, words: &[&str]) -> Result<Facts> {
    let answer = redis.command(words)?;
    let lines = answer.text().lines().filter_map(|line| line.split_once(':'));
    Ok(Facts(lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masters_share_all_slots() {
        assert_eq!(slots_of(0), 0..5_461);
        assert_eq!(slots_of(1), 5_461..10_923);
        assert_eq!(slots_of(2), 10_923..SLOTS);
    }
}
