//! Every call that was made, and how it ended: in memory, and as JSON lines in a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It has been done.
    Ok,
    /// It was refused and has changed nothing.
    Fail,
    /// It may have been done, now or later.
    Unknown,
}

/// One call, as it was made. Checkers read a [`crate::checker::Call`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place in the history.
    pub index: usize,
    /// Who called: a visitor's number; 0 is the harness itself.
    pub visitor: u64,
    /// What was called: `reserve`, `release`, `join`, …
    pub op: String,
    /// What was asked for.
    pub request: Value,
    /// When it began, in µs since the start of the history; the clock never jumps.
    pub begun_us: u64,
    /// When it ended; none while it runs.
    pub ended_us: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status; 0 without an answer.
    pub status: u16,
    /// The body of the answer.
    pub reply: Value,
}

/// A span in which something was broken on purpose.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Window {
    /// The fault.
    pub fault: String,
    /// Where it hit, as far as that is more than its name.
    pub detail: String,
    /// When it began, in µs since the start of the history.
    pub begun_us: u64,
    /// When everything was as before.
    pub ended_us: u64,
    /// Whether acknowledged writes of Redis may be lost in it.
    pub loses_writes: bool,
}

/// The history of a run.
#[derive(Debug)]
pub struct History {
    start: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    calls: Vec<Recorded>,
    file: BufWriter<File>,
}

impl History {
    /// An empty history, also written to `file`.
    pub fn new(file: &Path) -> Result<Self> {
        let file =
            File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        let inner = Mutex::new(Inner { calls: Vec::new(), file: BufWriter::new(file) });
        Ok(Self { start: Instant::now(), inner })
    }

    /// µs since the start.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Notes that a call begins; returns its place.
    pub fn begin(&self, visitor: u64, op: &str, request: Value) -> usize {
        let begun_us = self.now_us();
        let mut inner = self.inner();
        let index = inner.calls.len();
        inner.line(&json!({ "invoke": index, "visitor": visitor, "op": op, "request": &request,
            "at_us": begun_us }));
        let op = op.to_owned();
        let (outcome, reply) = (Outcome::Unknown, Value::Null);
        inner.calls.push(Recorded {
            index,
            visitor,
            op,
            request,
            begun_us,
            ended_us: None,
            outcome,
            status: 0,
            reply,
        });
        index
    }

    /// Notes how the call at `index` ended.
    pub fn end(&self, index: usize, outcome: Outcome, status: u16, reply: Value) {
        let ended_us = self.now_us();
        let mut inner = self.inner();
        inner.line(&json!({ "end": index, "outcome": outcome, "status": status, "reply": &reply,
            "at_us": ended_us }));
        if let Some(call) = inner.calls.get_mut(index) {
            call.ended_us = Some(ended_us);
            (call.outcome, call.status, call.reply) = (outcome, status, reply);
        }
    }

    /// Notes something that is no call: a fault, a sample.
    pub fn note(&self, note: &Value) {
        let at_us = self.now_us();
        self.inner().line(&json!({ "note": note, "at_us": at_us }));
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Recorded> {
        let mut inner = self.inner();
        let _ = inner.file.flush();
        inner.calls.clone()
    }

    /// How many calls there are so far.
    pub fn len(&self) -> usize {
        self.inner().calls.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn line(&mut self, value: &Value) {
        // A full disk must not end the run: the history in memory is what is checked.
        let _ = writeln!(self.file, "{value}");
    }
}
