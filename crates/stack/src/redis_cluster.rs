//! A Redis Cluster of three masters with a replica each.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::redis_form;
use crate::redis_node::{RedisNode, RedisOptions};
use crate::resp::Reply;

/// Three masters and three replicas: the smallest cluster that survives the loss of a node.
pub(crate) const MASTERS: usize = 3;
const NODES: usize = 6;

/// Six Redis servers on 127.0.0.1 that form a cluster. They end when this is dropped.
///
/// In a new cluster nodes 0 to 2 are the masters, in the order of their slots, and node 3 + i is
/// the replica of node i. Failovers change the roles; the index of a node stays.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisNode>,
}

impl RedisCluster {
    /// Starts the cluster with its data in `folder` and waits until every node says that the
    /// cluster is fine and every replica is in sync. A folder that was used before comes back
    /// with its data and ports.
    pub fn start(folder: &Path, options: &RedisOptions) -> Result<Self> {
        let nodes = start_nodes(folder, options)?;
        let cluster = Self { nodes };
        redis_form::form(&cluster.nodes)
            .with_context(|| format!("the Redis Cluster in {} does not form", folder.display()))?;
        Ok(cluster)
    }

    /// `127.0.0.1:<port>` of each node, by index.
    pub fn nodes(&self) -> Vec<String> {
        self.nodes.iter().map(RedisNode::address).collect()
    }

    /// The process id of a node.
    pub fn pid(&self, index: usize) -> u32 {
        self.nodes[index].pid()
    }

    /// Runs one command on a node. Nothing is redirected.
    pub fn command(&self, index: usize, words: &[&str]) -> Result<Reply> {
        self.nodes[index].connect()?.command(words)
    }

    /// Ends a node as a crash would.
    pub fn kill(&self, index: usize) -> Result<()> {
        self.nodes[index].kill()
    }

    /// Stops a node without ending it (SIGSTOP): connections stay open and nothing answers.
    pub fn pause(&self, index: usize) -> Result<()> {
        self.nodes[index].pause()
    }

    /// Lets a paused node go on.
    pub fn resume(&self, index: usize) -> Result<()> {
        self.nodes[index].resume()
    }

    /// Starts a node again on its port and data. It joins the cluster by itself.
    pub fn restart(&self, index: usize) -> Result<()> {
        self.nodes[index].restart()
    }

    /// Kills a node and starts it again at once without its data, as a machine without a disk
    /// would. A master that is back before the others miss it is an empty master, and makes its
    /// replica empty too.
    pub fn restart_empty(&self, index: usize) -> Result<()> {
        self.nodes[index].restart_empty()
    }

    /// The node that owns the slot, as the newest view of the nodes that answer has it.
    pub fn master_of(&self, slot: u16) -> Result<usize> {
        let owner = self
            .views()
            .into_iter()
            .flatten()
            .filter(|line| line.owns(slot))
            .max_by_key(|line| line.epoch)
            .ok_or_else(|| anyhow!("no node owns slot {slot}"))?;
        self.index_of(owner.port)
    }

    /// The replicas of a master, as the nodes that answer see it.
    pub fn replicas_of(&self, master: usize) -> Result<Vec<usize>> {
        let views = self.views();
        let lines: Vec<&NodeLine> = views.iter().flatten().collect();
        let port = self.nodes[master].port;
        let id = lines.iter().find(|line| line.port == port).map(|line| line.id.as_str());
        let id = id.with_context(|| format!("no node knows the node on port {port}"))?;
        let mut replicas = Vec::new();
        for line in lines.iter().filter(|line| line.master_id == id) {
            let index = self.index_of(line.port)?;
            if !replicas.contains(&index) {
                replicas.push(index);
            }
        }
        Ok(replicas)
    }

    /// Waits until every node that runs agrees that the cluster is fine and the replicas that run
    /// are in sync, as after a failover and a [`RedisCluster::restart`].
    pub fn wait_until_ready(&self) -> Result<()> {
        redis_form::wait_until_ready(&self.nodes)
    }

    /// From now on the servers stay when this is dropped and when this program ends.
    pub fn detach(&self) {
        self.nodes.iter().for_each(RedisNode::detach);
    }

    /// Stops all nodes in order.
    pub fn stop(self) -> Result<()> {
        thread::scope(|scope| {
            let stops: Vec<_> = self.nodes.iter().map(|node| scope.spawn(|| node.stop())).collect();
            stops.into_iter().try_for_each(join)
        })
    }

    fn index_of(&self, port: u16) -> Result<usize> {
        let index = self.nodes.iter().position(|node| node.port == port);
        index.with_context(|| format!("a node on port {port} is not one of ours"))
    }

    fn views(&self) -> Vec<Vec<NodeLine>> {
        let answers = self.nodes.iter().filter_map(|node| {
            node.connect().and_then(|mut redis| redis.command(&["CLUSTER", "NODES"])).ok()
        });
        answers.map(|answer| answer.text().lines().filter_map(NodeLine::parse).collect()).collect()
    }
}

/// Six, and those that were added to the cluster of this folder later.
fn node_count(folder: &Path) -> usize {
    (NODES..).find(|index| !node_folder(folder, *index).exists()).unwrap_or(NODES)
}

fn node_folder(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("node-{index}"))
}

fn start_nodes(folder: &Path, options: &RedisOptions) -> Result<Vec<RedisNode>> {
    thread::scope(|scope| {
        let starts: Vec<_> = (0..node_count(folder))
            .map(|index| {
                let node_folder = node_folder(folder, index);
                scope.spawn(move || RedisNode::start(&node_folder, true, options))
            })
            .collect();
        starts.into_iter().map(join).collect()
    })
}

fn join<T>(handle: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    handle.join().map_err(|_| anyhow!("a thread of the cluster panicked"))?
}

/// One line of `CLUSTER NODES`:
/// `<id> <host:port@bus> <flags> <master id or -> <ping> <pong> <epoch> <link> <slots…>`.
#[derive(Debug)]
struct NodeLine {
    id: String,
    port: u16,
    master_id: String,
    epoch: u64,
    slots: Vec<(u16, u16)>,
}

impl NodeLine {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let address = words.get(1)?.split('@').next()?;
        let slots = words.get(8..).unwrap_or_default();
        Some(Self {
            id: (*words.first()?).to_owned(),
            port: address.rsplit(':').next()?.parse().ok()?,
            master_id: (*words.get(3)?).to_owned(),
            epoch: words.get(6)?.parse().ok()?,
            slots: slots.iter().filter_map(|range| parse_range(range)).collect(),
        })
    }

    fn owns(&self, slot: u16) -> bool {
        self.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
    }
}

/// `5461-10922` or `7`. A slot on its way (`[7->-id]`) is listed by its owner a second time.
fn parse_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_topology_is_read() {
        let line = "07c3 127.0.0.1:30004@31004,host myself,slave e7d1 0 1426238317239 4 connected";
        let replica = NodeLine::parse(line).expect("a line");
        assert_eq!((replica.port, replica.master_id.as_str(), replica.epoch), (30_004, "e7d1", 4));
        assert!(!replica.owns(0));

        let line = "e7d1 127.0.0.1:30001@31001 master - 0 0 1 connected 0-5460 7000 [93-<-292f]";
        let master = NodeLine::parse(line).expect("a line");
        assert!(master.owns(0) && master.owns(5_460) && master.owns(7_000));
        assert!(!master.owns(5_461));
    }
}
