//! Tells a person what is going on and for how long.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Fast enough to look alive.
const TICK: Duration = Duration::from_millis(100);

/// Where no terminal is, a line says how far a step is this often: some runners of continuous
/// integration, and some people, take a longer silence for the end.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// A step that took less is not worth a line about its end.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Steps, one after the other, on standard error: a spinner on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    current: Mutex<Option<Step>>,
}

struct Step {
    text: String,
    start: Instant,
    shown: Shown,
}

enum Shown {
    Spinner(ProgressBar),
    Lines(Lines),
}

/// A thread that says every [`LINE_INTERVAL`] how far the step is.
struct Lines {
    detail: Arc<Mutex<String>>,
    /// The thread ends when this is gone.
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(None) }
    }

    /// Ends the step before and begins this one.
    pub(crate) fn step(&self, text: &str) {
        self.done();
        let start = Instant::now();
        let shown = if stderr().is_terminal() {
            Shown::Spinner(spinner(text))
        } else {
            eprintln!("{text} …");
            Shown::Lines(Lines::start(LINE_INTERVAL, move |detail| {
                eprintln!("{}", line(start.elapsed(), detail));
            }))
        };
        *lock(&self.current) = Some(Step { text: text.to_owned(), start, shown });
    }

    /// What the step is doing right now.
    pub(crate) fn detail(&self, text: &str) {
        match lock(&self.current).as_ref().map(|step| &step.shown) {
            Some(Shown::Spinner(spinner)) => spinner.set_message(text.to_owned()),
            Some(Shown::Lines(lines)) => text.clone_into(&mut lock(&lines.detail)),
            None => {}
        }
    }

    /// Ends the last step.
    pub(crate) fn done(&self) {
        let step = lock(&self.current).take();
        let Some(step) = step else { return };
        let elapsed = step.start.elapsed();
        match step.shown {
            Shown::Spinner(spinner) => {
                spinner.finish_and_clear();
                eprintln!("  {} ({:.1} s)", step.text, elapsed.as_secs_f64());
            }
            Shown::Lines(lines) => {
                lines.stop();
                if elapsed >= WORTH_TELLING {
                    eprintln!("    took {:.1} s", elapsed.as_secs_f64());
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}

impl Lines {
    fn start(interval: Duration, say: impl Fn(&str) + Send + 'static) -> Self {
        let detail = Arc::new(Mutex::new(String::new()));
        let (end, ended) = channel::<()>();
        let shared = Arc::clone(&detail);
        let thread = thread::spawn(move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                say(&lock(&shared));
            }
        });
        Self { detail, end, thread }
    }

    /// Nothing is said any more once this has returned.
    fn stop(self) {
        drop(self.end);
        // A thread that has panicked says nothing either.
        let _ = self.thread.join();
    }
}

fn line(elapsed: Duration, detail: &str) -> String {
    let seconds = elapsed.as_secs();
    match detail {
        "" => format!("    {seconds} s …"),
        detail => format!("    {seconds} s: {detail}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds this")
}

fn spinner(text: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.set_prefix(text.to_owned());
    spinner.enable_steady_tick(TICK);
    spinner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_says_nothing_new_is_told_of_again_and_again() {
        let (sender, said) = channel();
        let lines = Lines::start(Duration::from_millis(1), move |detail| {
            let _ = sender.send(detail.to_owned());
        });
        "212 of 310".clone_into(&mut lock(&lines.detail));
        let mut told = said.iter().filter(|detail| detail == "212 of 310");
        assert!(told.next().is_some() && told.next().is_some());
        lines.stop();
        // Ends only if the thread has, and with it the sender.
        said.iter().for_each(drop);
    }

    #[test]
    fn a_line_says_how_long_and_how_far() {
        assert_eq!(line(Duration::from_secs(20), ""), "    20 s …");
        assert_eq!(line(Duration::from_secs(20), "1 of 2"), "    20 s: 1 of 2");
    }
}
