//! From the command line to a running application, and to its end.

use anyhow::Result;
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::options::Options;
use crate::start::start;

/// Runs the application until SIGTERM or SIGINT.
///
/// Prints one line on standard output once it is ready: `listening on http://<address>`, or
/// `running without http`.
pub fn run(options: Options) -> Result<()> {
    let workers = Builder::new_multi_thread().enable_all().build()?;
    // A guest that never yields holds up a thread of the workers, and with it perhaps what the
    // others wait for. The end of the host must not be among that.
    let control = Builder::new_current_thread().enable_all().build()?;
    let outcome = control.block_on(supervise(options, workers.handle()));
    // Dropping it would wait for such a guest.
    workers.shutdown_background();
    outcome
}

async fn supervise(options: Options, workers: &Handle) -> Result<()> {
    let mut signals = Signals::new()?;
    let drain_timeout = options.drain_timeout;
    let running = tokio::select! {
        started = workers.spawn(start(options)) => started??,
        () = signals.next() => return Ok(()),
    };

    signals.next().await;
    tracing::info!("stopping; a second signal stops at once");
    running.stop.cancel();
    running.tasks.close();
    tokio::select! {
        () = running.tasks.wait() => {}
        () = tokio::time::sleep(drain_timeout) => tracing::warn!("work under way is cut off"),
        () = signals.next() => tracing::warn!("work under way is cut off"),
    }
    Ok(())
}

/// What asks the host to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
