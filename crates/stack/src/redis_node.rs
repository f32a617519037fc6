//! One Redis server process: its configuration, start, and the wait until it answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::ports::{free_cluster_port, is_free};
use crate::program::find_redis_server;
use crate::resp::Connection;
use crate::server::{Server, StopSignals};

/// The configuration that all nodes share, here and in containers.
const SHARED_SETTINGS: &str = include_str!("../../../infra/redis/redis.conf");

/// A node answers in a few ms; one that loads a large append-only file needs longer.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Tries on other ports when another program takes the chosen one first.
const MAX_PORT_ATTEMPTS: u32 = 5;

const SIGNALS: StopSignals =
    StopSignals { orderly: Signal::TERM, at_once: Signal::KILL, with_children: false };

/// How the nodes of a cluster, or a single server, are run.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// After this long without an answer a node counts as failing; a failover follows about a
    /// second or two later.
    pub node_timeout_ms: u64,
    /// Whether writes go to the append-only file, so that a restart finds them.
    pub append_only: bool,
    /// Further lines for the configuration file, as `("maxmemory", "10mb")`.
    pub settings: Vec<(String, String)>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { node_timeout_ms: 2_000, append_only: true, settings: Vec::new() }
    }
}

/// A Redis server process with its folder and port.
#[derive(Debug)]
pub(crate) struct RedisNode {
    pub(crate) port: u16,
    folder: PathBuf,
    server: Mutex<Server>,
}

impl RedisNode {
    /// Starts a server with its data in `folder`. A folder that was used before keeps its port.
    pub(crate) fn start(folder: &Path, cluster: bool, options: &RedisOptions) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let known_port = port_of(folder);
        let mut attempts = 0;
        loop {
            let port = match known_port {
                Some(port) if !is_free(port) => bail!(
                    "port {port} of the Redis node in {} is used by another program: stop that \
                     one, or drop this node's data with its folder",
                    folder.display()
                ),
                Some(port) => port,
                None => free_cluster_port()?,
            };
            fs::write(folder.join("redis.conf"), configuration(port, cluster, options))?;
            match start_process(folder, port) {
                Ok(server) => {
                    return Ok(Self {
                        port,
                        folder: folder.to_owned(),
                        server: Mutex::new(server),
                    });
                }
                Err(error) => {
                    attempts += 1;
                    if known_port.is_some() || attempts == MAX_PORT_ATTEMPTS {
                        return Err(error);
                    }
                }
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server().pid()
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(self.port)
    }

    pub(crate) fn detach(&self) {
        self.server().detach();
    }

    pub(crate) fn kill(&self) -> Result<()> {
        self.server().kill()
    }

    pub(crate) fn stop(&self) -> Result<()> {
        self.server().stop()
    }

    pub(crate) fn pause(&self) -> Result<()> {
        self.server().signal(Signal::STOP)
    }

    pub(crate) fn resume(&self) -> Result<()> {
        self.server().signal(Signal::CONT)
    }

    /// Starts the server again on its port and data, killing it first if it still runs.
    pub(crate) fn restart(&self) -> Result<()> {
        let mut server = self.server();
        server.kill()?;
        *server = start_process(&self.folder, self.port)?;
        Ok(())
    }

    /// Starts the server again on its port with nothing of its data but its place in the cluster.
    pub(crate) fn restart_empty(&self) -> Result<()> {
        let mut server = self.server();
        server.kill()?;
        for left in ["appendonlydir", "dump.rdb"].map(|name| self.folder.join(name)) {
            let removed =
                if left.is_dir() { fs::remove_dir_all(&left) } else { fs::remove_file(&left) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", left.display()));
                }
                _ => {}
            }
        }
        *server = start_process(&self.folder, self.port)?;
        Ok(())
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn configuration(port: u16, cluster: bool, options: &RedisOptions) -> String {
    let mut text = SHARED_SETTINGS.to_owned();
    text.push_str("\n# This node.\n");
    let append_only = if options.append_only { "yes" } else { "no" };
    let own = [
        ("bind", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("dir", ".".to_owned()),
        ("cluster-enabled", if cluster { "yes" } else { "no" }.to_owned()),
        ("cluster-node-timeout", options.node_timeout_ms.to_string()),
        ("appendonly", append_only.to_owned()),
    ];
    // The last line of a name is the one that counts, so these override the shared settings.
    for (name, value) in own.iter().map(|(name, value)| (*name, value)) {
        text.push_str(&format!("{name} {value}\n"));
    }
    for (name, value) in &options.settings {
        text.push_str(&format!("{name} {value}\n"));
    }
    text
}

/// The port in the configuration of an earlier start.
fn port_of(folder: &Path) -> Option<u16> {
    let text = fs::read_to_string(folder.join("redis.conf")).ok()?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("port "))?;
    line.trim().parse().ok()
}

fn start_process(folder: &Path, port: u16) -> Result<Server> {
    let mut command = Command::new(find_redis_server()?);
    command.arg("redis.conf").current_dir(folder);
    let name = format!("redis-server on port {port}");
    let log = folder.join("redis.log");
    let mut server = Server::start(&name, &mut command, &log, SIGNALS)?;
    server.wait_until(START_TIMEOUT, |pid| Ok(answers_as(port, pid)))?;
    Ok(server)
}

/// Whether the process on this port is ours and has loaded its data. Another program may have
/// taken the port in the meantime and may even be a Redis.
fn answers_as(port: u16, pid: u32) -> bool {
    let info = Connection::open(port).and_then(|mut redis| redis.command(&["INFO", "server"]));
    info.is_ok_and(|info| info.text().lines().any(|line| line == format!("process_id:{pid}")))
        && Connection::open(port).and_then(|mut redis| redis.command(&["PING"])).is_ok()
}
