//! The servers of a folder, written down so that a later run can find and stop them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::process::Recorded;

/// The file in the folder: one server a line, `<kind>\t<pid>\t<mark>\t<mark>…`.
const FILE: &str = "servers";

/// What kind of server it is, in the order in which they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Application,
    Provider,
    Redis,
    Postgres,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Application, Self::Provider, Self::Redis, Self::Postgres];

    fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Provider => "provider",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }

    /// The signal that makes it stop in order.
    fn stop_signal(self) -> Signal {
        match self {
            Self::Application | Self::Provider | Self::Redis => Signal::TERM,
            Self::Postgres => Signal::INT,
        }
    }

    /// Whether the processes it has started get the signal too: Spin starts one for each kind of
    /// trigger.
    fn with_children(self) -> bool {
        self == Self::Application
    }
}

/// The servers of one folder.
#[derive(Debug)]
pub(crate) struct Record {
    path: PathBuf,
    servers: Vec<(Kind, Recorded)>,
}

impl Record {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE), servers: Vec::new() }
    }

    /// Reads the record of the folder; empty if there is none.
    fn read(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).unwrap_or_default();
        Self { path, servers: text.lines().filter_map(parse).collect() }
    }

    pub(crate) fn add(&mut self, kind: Kind, pid: u32, marks: &[&str]) {
        self.servers.push((kind, Recorded::new(pid, marks)));
    }

    pub(crate) fn write(&self) -> Result<()> {
        let lines = self.servers.iter();
        let text: String =
            lines.map(|(kind, process)| format!("{}\t{}", kind.name(), process.line())).collect();
        fs::write(&self.path, text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn parse(line: &str) -> Option<(Kind, Recorded)> {
    let (name, process) = line.split_once('\t')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some((kind, Recorded::parse(process)?))
}

/// Whether the application that was started in this folder still runs.
pub fn application_is_running(folder: &Path) -> bool {
    let record = Record::read(folder);
    let mut servers = record.servers.iter();
    servers.any(|(kind, process)| *kind == Kind::Application && process.is_running())
}

/// Whether servers are written down for this folder: from their start until they are stopped.
pub fn has_record(folder: &Path) -> bool {
    folder.join(FILE).exists()
}

/// Stops every server that was started in this folder and still runs, the application first.
/// A process that only got the id of one of them later is left alone. Returns how many ran.
pub fn stop_recorded(folder: &Path) -> Result<usize> {
    let mut record = Record::read(folder);
    record.servers.retain(|(_, process)| process.is_running());
    record.servers.sort_by_key(|(kind, _)| *kind);
    // All nodes of the cluster get the signal before the first is waited for: together they stop
    // quickly, one after the other each would wait for a replica or a failover.
    for kind in Kind::ALL {
        let processes: Vec<&Recorded> =
            record.servers.iter().filter(|(other, _)| *other == kind).map(|(_, it)| it).collect();
        std::thread::scope(|scope| {
            let stops: Vec<_> = processes
                .iter()
                .map(|process| {
                    scope.spawn(|| process.stop(kind.stop_signal(), kind.with_children()))
                })
                .collect();
            stops.into_iter().try_for_each(|stop| stop.join().unwrap_or(Ok(())))
        })?;
    }
    match fs::remove_file(&record.path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(record.servers.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::sleeper;

    #[test]
    fn what_was_written_down_is_stopped_and_what_is_not_the_same_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut ours, mut other) = (sleeper("600.5"), sleeper("600.75"));
        let mut record = Record::new(folder.path());
        record.add(Kind::Application, ours.id(), &["sleep", "600.5"]);
        record.add(Kind::Redis, other.id(), &["redis-server", "127.0.0.1:1"]);
        record.write().expect("is written");

        assert!(application_is_running(folder.path()));
        assert_eq!(stop_recorded(folder.path()).expect("stops"), 1);
        assert!(!application_is_running(folder.path()));
        ours.wait().expect("has ended");
        assert!(other.try_wait().expect("is known").is_none());
        other.kill().expect("is killed");
        other.wait().expect("has ended");
        assert_eq!(stop_recorded(folder.path()).expect("has nothing to do"), 0);
    }
}
