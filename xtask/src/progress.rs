//! Tells a person what is going on and for how long.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Fast enough to look alive.
const TICK: Duration = Duration::from_millis(100);

/// A step that took less is not worth a line about its end.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Steps, one after the other, on standard error: a spinner on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    current: Mutex<Option<Step>>,
}

struct Step {
    text: String,
    start: Instant,
    spinner: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(None) }
    }

    /// Ends the step before and begins this one.
    pub(crate) fn step(&self, text: &str) {
        self.done();
        let spinner = stderr().is_terminal().then(|| spinner(text));
        if spinner.is_none() {
            eprintln!("{text} …");
        }
        let step = Step { text: text.to_owned(), start: Instant::now(), spinner };
        *self.current.lock().expect("no thread panics while it holds this") = Some(step);
    }

    /// What the step is doing right now.
    pub(crate) fn detail(&self, text: &str) {
        let current = self.current.lock().expect("no thread panics while it holds this");
        if let Some(Step { spinner: Some(spinner), .. }) = current.as_ref() {
            spinner.set_message(text.to_owned());
        }
    }

    /// Ends the last step.
    pub(crate) fn done(&self) {
        let step = self.current.lock().expect("no thread panics while it holds this").take();
        let Some(step) = step else { return };
        let elapsed = step.start.elapsed();
        if let Some(spinner) = step.spinner {
            spinner.finish_and_clear();
            eprintln!("  {} ({:.1} s)", step.text, elapsed.as_secs_f64());
        } else if elapsed >= WORTH_TELLING {
            eprintln!("    took {:.1} s", elapsed.as_secs_f64());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}

fn spinner(text: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.set_prefix(text.to_owned());
    spinner.enable_steady_tick(TICK);
    spinner
}
