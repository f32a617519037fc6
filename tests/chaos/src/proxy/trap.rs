//! Ends the application at a step.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::watch;

use crate::proxy::steps::Step;

/// When the application ends, as seen from the server of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// Before the server gets the request.
    Before,
    /// After the server has answered, before the application hears of it.
    After,
}

impl Moment {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// What happens to the application at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It ends as in a crash.
    Kill,
    /// It is frozen until it is let go. What it had sent before waits with it.
    Freeze,
}

/// Waits for a step, once.
#[derive(Debug)]
pub struct Trap {
    pid: AtomicU32,
    state: Mutex<State>,
    /// Raised when what a frozen application had sent may go on.
    gate: watch::Sender<bool>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Armed(String, Moment, Action),
    /// The step has come; the application ends in a moment.
    Closing,
    Sprung,
}

impl Default for Trap {
    fn default() -> Self {
        let (pid, state) = (AtomicU32::new(0), Mutex::default());
        Self { pid, state, gate: watch::Sender::new(false) }
    }
}

impl Trap {
    /// Whom it ends from now on: the process and its group.
    pub fn set_target(&self, pid: u32) {
        self.pid.store(pid, Ordering::SeqCst);
    }

    /// Waits for `step` from now on.
    pub fn arm(&self, step: &str, moment: Moment, action: Action) {
        self.gate.send_replace(false);
        *self.state() = State::Armed(step.to_owned(), moment, action);
    }

    /// What a frozen application had sent goes on.
    pub fn let_go(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until [`Trap::let_go`].
    pub(crate) async fn gate(&self) {
        let _ = self.gate.subscribe().wait_for(|is_open| *is_open).await;
    }

    /// Waits no longer; whether the application was ended.
    pub fn disarm(&self) -> bool {
        let mut state = self.state();
        match &*state {
            // It is too late to call it off.
            State::Closing => false,
            _ => std::mem::take(&mut *state) == State::Sprung,
        }
    }

    /// Whether the application was ended.
    pub fn is_sprung(&self) -> bool {
        *self.state() == State::Sprung
    }

    /// The moment and what is to happen, when one of `steps` is what it waits for. Then it waits
    /// no longer: of two at the same time one gets it.
    pub(crate) fn recognise(&self, steps: Vec<&'static Step>) -> Option<(Moment, Action)> {
        if steps.is_empty() {
            return None;
        }
        let mut state = self.state();
        match &*state {
            State::Armed(name, moment, action) if steps.iter().any(|it| it.name == *name) => {
                let found = (*moment, *action);
                *state = State::Closing;
                Some(found)
            }
            _ => None,
        }
    }

    /// Ends or freezes the application.
    pub(crate) fn spring(&self, action: Action) {
        let signal = match action {
            Action::Kill => Signal::KILL,
            Action::Freeze => Signal::STOP,
        };
        if let Some(pid) = Pid::from_raw(self.pid.load(Ordering::SeqCst).cast_signed()) {
            let _ = kill_process_group(pid, signal);
        }
        *self.state() = State::Sprung;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
