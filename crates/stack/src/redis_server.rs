//! A single Redis server, cluster mode off.

use std::path::Path;

use anyhow::Result;

use crate::redis_node::{RedisNode, RedisOptions};
use crate::resp::Reply;

/// One Redis server on 127.0.0.1. It ends when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    node: RedisNode,
}

impl RedisServer {
    /// Starts a server with its data in `folder` and waits until it answers.
    pub fn start(folder: &Path, options: &RedisOptions) -> Result<Self> {
        Ok(Self { node: RedisNode::start(folder, false, options)? })
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.node.address()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.node.pid()
    }

    /// Runs one command.
    pub fn command(&self, words: &[&str]) -> Result<Reply> {
        self.node.connect()?.command(words)
    }

    /// Ends the process as a crash would.
    pub fn kill(&self) -> Result<()> {
        self.node.kill()
    }

    /// Stops the process without ending it: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.node.pause()
    }

    /// Lets a paused process go on.
    pub fn resume(&self) -> Result<()> {
        self.node.resume()
    }

    /// Starts the server again on the same port and data.
    pub fn restart(&self) -> Result<()> {
        self.node.restart()
    }

    /// Stops the server in order.
    pub fn stop(self) -> Result<()> {
        self.node.stop()
    }
}
