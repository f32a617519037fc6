//! The progress bar: on a terminal only, and never on standard output.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

use super::tally::{Counts, Tally};
use crate::table::grouped;

/// Five frames a second: smooth, and no load.
const FRAME: Duration = Duration::from_millis(200);

/// A bar that follows the tally.
pub(crate) struct Progress {
    bar: ProgressBar,
    painter: JoinHandle<()>,
}

impl Progress {
    /// Starts to draw, if anybody can see it.
    pub(crate) fn start(tally: Arc<Tally>, buyers: u32, seats: u32) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(u64::from(buyers)), target);
        let template = "  {bar:32.cyan/blue} {pos}/{len} buyers done  {elapsed}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        let painted = bar.clone();
        let painter = tokio::spawn(async move {
            loop {
                let counts = tally.counts();
                painted.set_position(counts.finished);
                painted.set_message(message(&counts, seats));
                tokio::time::sleep(FRAME).await;
            }
        });
        Self { bar, painter }
    }

    pub(crate) async fn finish(self) {
        self.painter.abort();
        // Only cancellation can come of it, and that is what was asked for.
        let _ = self.painter.await;
        self.bar.finish_and_clear();
    }
}

fn message(counts: &Counts, seats: u32) -> String {
    let (paid, seats) = (grouped(counts.paid), grouped(i64::from(seats)));
    format!("{} waiting, {paid} of {seats} places paid", counts.waiting)
}
