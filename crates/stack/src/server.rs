//! A server process this program has started.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::guardian;

/// How long a server may take to stop in order before it is killed. Postgres writes a checkpoint,
/// which takes a second or two after a rush.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How often the state of a process is looked at while waiting for it.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A stop signal is repeated this often: a Redis that is just writing its first append-only file
/// after a synchronisation refuses to exit and forgets that it was asked.
const RESEND_INTERVAL: Duration = Duration::from_secs(1);

/// Lines of a server's log that a failure shows.
const LOG_LINES: usize = 15;

/// How a kind of server is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopSignals {
    /// Stops it in order, with everything written down.
    pub(crate) orderly: Signal,
    /// Stops it at once. Nothing is left behind outside of its folder.
    pub(crate) at_once: Signal,
    /// Whether the processes it has started get the signals too.
    pub(crate) with_children: bool,
}

/// A running child process. It is stopped at once when dropped, unless it is detached.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
    signals: StopSignals,
    is_detached: bool,
}

impl Server {
    /// Starts the program in a process group of its own, so that Ctrl-C in the terminal does not
    /// reach it, with all output in the file `log`.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        log: &Path,
        signals: StopSignals,
    ) -> Result<Self> {
        let output =
            File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {name} ({:?})", command.get_program()))?;
        guardian::watch(child.id(), signals.at_once, signals.with_children);
        let (name, log) = (name.to_owned(), log.to_owned());
        Ok(Self { name, child, log, signals, is_detached: false })
    }

    /// From now on the server stays when this handle is dropped and when this program ends.
    pub(crate) fn detach(&mut self) {
        guardian::forget(self.pid());
        self.is_detached = true;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the end of the server's log when it has stopped.
    pub(crate) fn expect_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            guardian::forget(self.pid());
            bail!("{} stopped ({status}). Its log ends:\n{}", self.name, log_end(&self.log));
        }
        Ok(())
    }

    /// Waits until `is_ready` says so. Fails when the server stops or `timeout` has passed.
    pub(crate) fn wait_until(
        &mut self,
        timeout: Duration,
        mut is_ready: impl FnMut(u32) -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        loop {
            self.expect_running()?;
            if is_ready(self.pid())? {
                return Ok(());
            }
            if start.elapsed() > timeout {
                bail!(
                    "{} is not ready after {} s. Its log ends:\n{}",
                    self.name,
                    timeout.as_secs(),
                    log_end(&self.log)
                );
            }
            sleep(POLL_INTERVAL);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.pid().cast_signed()).context("a process id is never 0")?;
        let sent = match self.signals.with_children {
            true => kill_process_group(pid, signal),
            false => kill_process(pid, signal),
        };
        sent.with_context(|| format!("cannot signal {}", self.name))
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        guardian::forget(self.pid());
        if self.child.try_wait()?.is_none() {
            self.signal(Signal::KILL)?;
            self.child.wait()?;
        }
        Ok(())
    }

    /// Stops the server in order; after [`STOP_TIMEOUT`] by force.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.end(self.signals.orderly)
    }

    /// Sends `signal` until the server has ended; after [`STOP_TIMEOUT`] it is killed.
    pub(crate) fn end(&mut self, signal: Signal) -> Result<()> {
        guardian::forget(self.pid());
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let start = Instant::now();
        let mut last_signal: Option<Instant> = None;
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > STOP_TIMEOUT {
                return self.kill();
            }
            if last_signal.is_none_or(|time| time.elapsed() > RESEND_INTERVAL) {
                self.signal(signal)?;
                // A paused process would take note of the signal only when it goes on.
                self.signal(Signal::CONT)?;
                last_signal = Some(Instant::now());
            }
            sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.is_detached {
            let _ = self.end(self.signals.at_once);
        }
    }
}

fn log_end(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
