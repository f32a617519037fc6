//! Helpers for the unit tests of several modules.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;

use crate::process::command_line;

/// A process that sleeps this many seconds and can be identified by them.
pub(crate) fn sleeper(seconds: &str) -> Child {
    // Without the output of the test: who reads that would wait for a sleeper left by a failure.
    let mut command = Command::new("sleep");
    let command = command.arg(seconds).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.stderr(Stdio::null()).process_group(0).spawn().expect("starts");
    // A program has no command line for a moment while it starts.
    while command_line(child.id()).is_none() {
        yield_now();
    }
    child
}
