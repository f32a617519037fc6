//! Processes that another run of this program has started, known by their id.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// As long as a server may take to write everything down.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A stop signal is repeated this often, because Redis may refuse the first.
const RESEND_INTERVAL: Duration = Duration::from_secs(1);

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The command line of a running process, with spaces between its words. `None` when there is no
/// such process or it has ended and is only not waited for yet.
pub fn command_line(pid: u32) -> Option<String> {
    let text = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(words) => String::from_utf8_lossy(&words).replace('\0', " "),
        // Without /proc, as on macOS, `ps` knows. It shows an ended process in brackets.
        Err(_) => {
            let pid = pid.to_string();
            let output = Command::new("ps").args(["-o", "command=", "-p", &pid]).output().ok()?;
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
    };
    let text = text.trim();
    (!text.is_empty() && !text.starts_with(['(', '<'])).then(|| text.to_owned())
}

/// A process as it is written down for a later run: its id, and words that distinguish
/// it from a later process with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) pid: u32,
    pub(crate) marks: Vec<String>,
}

impl Recorded {
    pub(crate) fn new(pid: u32, marks: &[&str]) -> Self {
        Self { pid, marks: marks.iter().map(|&mark| mark.to_owned()).collect() }
    }

    /// Reads `<pid>\t<mark>\t<mark>…`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let pid = fields.next()?.parse().ok()?;
        let marks: Vec<String> = fields.map(str::to_owned).collect();
        (!marks.is_empty()).then_some(Self { pid, marks })
    }

    pub(crate) fn line(&self) -> String {
        format!("{}\t{}\n", self.pid, self.marks.join("\t"))
    }

    /// Whether the process still runs and is still the one that was written down.
    pub(crate) fn is_running(&self) -> bool {
        command_line(self.pid)
            .is_some_and(|line| self.marks.iter().all(|mark| line.contains(mark.as_str())))
    }

    /// Stops the process in order with `signal` and waits for its end; after a while by force.
    pub(crate) fn stop(&self, signal: Signal, with_children: bool) -> Result<()> {
        let pid = Pid::from_raw(self.pid.cast_signed()).context("a process id is never 0")?;
        // Every server is started in a process group of its own.
        let send = if with_children { kill_process_group } else { kill_process };
        let start = Instant::now();
        let mut last_signal: Option<Instant> = None;
        while self.is_running() {
            if start.elapsed() > STOP_TIMEOUT + RESEND_INTERVAL {
                bail!("process {} ({}) does not end", self.pid, self.marks.join(" "));
            }
            if last_signal.is_none_or(|time| time.elapsed() > RESEND_INTERVAL) {
                let force = start.elapsed() > STOP_TIMEOUT;
                // It may have ended since the check; then there is nothing left to do.
                let _ = send(pid, if force { Signal::KILL } else { signal });
                let _ = send(pid, Signal::CONT);
                last_signal = Some(Instant::now());
            }
            sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::sleeper;

    #[test]
    fn a_process_is_known_by_its_marks() {
        let mut child = sleeper("600.25");
        let known = Recorded::new(child.id(), &["sleep", "600.25"]);
        let other = Recorded::new(child.id(), &["sleep", "600.26"]);
        assert!(known.is_running());
        assert!(!other.is_running());
        // Not the one that was written down: it is left alone.
        other.stop(Signal::KILL, false).expect("has nothing to do");
        assert!(known.is_running());
        known.stop(Signal::TERM, false).expect("stops");
        assert!(!known.is_running());
        child.wait().expect("has ended");
    }

    #[test]
    fn a_recorded_process_is_read_back() {
        let process = Recorded::new(17, &["redis-server", "127.0.0.1:7001 [cluster]"]);
        assert_eq!(Recorded::parse(process.line().trim_end()), Some(process));
        assert_eq!(Recorded::parse("17"), None);
        assert_eq!(Recorded::parse("x\tredis-server"), None);
    }
}
