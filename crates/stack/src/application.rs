//! The application as a process: started, killed, frozen and started again on the same port.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::http::get;
use crate::runtime::Runtime;
use crate::server::{Server, StopSignals};

/// Loading compiles every component, which takes half a minute on a small busy machine.
const READY_TIMEOUT: Duration = Duration::from_secs(180);

/// A load balancer would ask about as often.
const READY_INTERVAL: Duration = Duration::from_millis(100);

/// Spin starts a process for each kind of trigger, so the whole group is stopped.
const SIGNALS: StopSignals =
    StopSignals { orderly: Signal::TERM, at_once: Signal::KILL, with_children: true };

/// Everything a (re)start of an application needs.
#[derive(Debug, Clone)]
pub(crate) struct ApplicationStart {
    pub(crate) runtime: Runtime,
    pub(crate) root: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) port: u16,
    pub(crate) variables: Vec<(String, String)>,
}

/// A running application. It ends when this is dropped.
#[derive(Debug)]
pub struct Application {
    start: ApplicationStart,
    server: Mutex<Server>,
}

/// When a start is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// It and its stores answer.
    Ready,
    /// It answers, whatever its stores do.
    Live,
}

impl Application {
    /// Starts it and waits until it and its stores answer.
    pub(crate) fn start(start: ApplicationStart) -> Result<Self> {
        let server = start.run(Until::Ready)?;
        Ok(Self { start, server: Mutex::new(server) })
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn listen(&self) -> String {
        self.start.listen()
    }

    /// Another one like this on another port, with other values for some variables.
    pub(crate) fn another(&self, port: u16, variables: &[(String, String)]) -> Result<Self> {
        let mut start = self.start.clone();
        start.port = port;
        start.log = start.log.with_extension(format!("{port}.log"));
        start.variables.extend_from_slice(variables);
        Self::start(start)
    }

    /// The process id; its children are in the group of the same id.
    pub fn pid(&self) -> u32 {
        self.server().pid()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.start.log
    }

    /// Fails with the end of its log when it has stopped.
    pub fn expect_running(&self) -> Result<()> {
        self.server().expect_running()
    }

    /// Ends it as a crash would.
    pub fn kill(&self) -> Result<()> {
        self.server().kill()
    }

    /// Stops it without ending it: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.server().signal(Signal::STOP)
    }

    /// Lets a paused one go on.
    pub fn resume(&self) -> Result<()> {
        self.server().signal(Signal::CONT)
    }

    /// Stops it in order and starts it again on the same port; returns when it is ready.
    pub fn restart(&self) -> Result<()> {
        let mut server = self.server();
        server.stop()?;
        *server = self.start.run(Until::Ready)?;
        Ok(())
    }

    /// Starts it again after a crash; returns when it answers, even if its stores are away.
    pub fn revive(&self) -> Result<()> {
        let mut server = self.server();
        server.kill()?;
        *server = self.start.run(Until::Live)?;
        Ok(())
    }

    /// Stops it in order.
    pub fn stop(&self) -> Result<()> {
        self.server().stop()
    }

    pub(crate) fn detach(&self) {
        self.server().detach();
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ApplicationStart {
    fn listen(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn run(&self, until: Until) -> Result<Server> {
        let mut command: Command = self.runtime.command(&self.root, &self.listen());
        for (name, value) in &self.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        let name = "the application";
        let mut server = Server::start(name, &mut command, &self.log, SIGNALS)?;
        let path = match until {
            Until::Ready => "/health/ready",
            Until::Live => "/health/live",
        };
        let mut answer = String::from("no answer");
        let ready = server.wait_until(READY_TIMEOUT, |_| {
            let ready = match get(self.port, path) {
                Ok((200, _)) => true,
                Ok((_, response)) => {
                    answer = response;
                    false
                }
                Err(_) => false,
            };
            if !ready {
                thread::sleep(READY_INTERVAL);
            }
            Ok(ready)
        });
        ready.with_context(|| format!("GET {path}, last answer: {}", answer.trim()))?;
        Ok(server)
    }
}
