//! A run from its beginning to its verdict.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use crate::checker::{self, Call, Evidence};
use crate::fault::schedule::{CALM_AT_FIRST_S, GAP_S, plan};
use crate::fault::{Fault, Ground, background};
use crate::history::History;
use crate::inspect::observer::Observer;
use crate::load::desk::Desk;
use crate::load::till::Till;
use crate::load::{Crowd, forger, venue};
use crate::rig::{Rig, RigOptions};
use crate::sabotage::Sabotage;
use crate::settle::{Settled, settle};

/// How long the last fans may take to go home: the longest of their calls and a look at a ticket.
const LAST_FANS: Duration = Duration::from_secs(25);
/// The application is looked after this often.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// What to do.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How long the crowd stays.
    pub seconds: u64,
    /// Only this fault.
    pub only: Option<Fault>,
    /// Keeps the folder although every promise was kept.
    pub keep: bool,
    /// Breaks the system itself.
    pub sabotage: Option<Sabotage>,
}

/// Prints the faults of a seed.
pub fn print_plan(options: &RunOptions) {
    let planned = plan(options.seed, options.seconds, options.only.as_ref());
    println!("seed {}, {} s, {} faults:", options.seed, options.seconds, planned.len());
    for (index, planned) in planned.iter().enumerate() {
        println!("  {:2}. {} ({:016x})", index + 1, planned.fault.name(), planned.choice);
    }
}

/// Runs, checks, prints. Whether every promise was kept.
pub fn run(options: RunOptions) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = whole_run(&options) => outcome,
            () = interrupted() => bail!("interrupted"),
        }
    });
    // A thread may be in the middle of a fault. The servers end with this program.
    runtime.shutdown_background();
    outcome
}

async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn whole_run(options: &RunOptions) -> Result<bool> {
    print_plan(options);
    println!("commit {}", commit());
    let folder = stack::temporary_folder()?;
    let rig_options = RigOptions {
        root: stack::repository(),
        runtime: stack::Runtime::host()?,
        seed: options.seed,
        on_step: Box::new(|step| eprintln!("{step} …")),
    };
    let rig = Arc::new(Rig::start(&folder, rig_options).await?);
    let kept = folder.join("history");
    std::fs::create_dir_all(&kept)?;
    let history = Arc::new(History::new(&kept.join("calls.jsonl"))?);
    let desk = Desk::open(&rig.system.base_url, rig.keys(), Arc::clone(&history))?;
    let venues = venue::create(&desk).await?;
    let till = Till { base_url: rig.provider.base_url() };
    rig.controls.set_faults(&background()).await?;
    let crowd = Crowd::new(desk, venues, till);
    if let Some(sabotage) = options.sabotage {
        sabotage.begin(&rig).await?;
    }

    let ground = Ground::new(Arc::clone(&rig), Arc::clone(&crowd), Arc::clone(&history));
    let observer = Arc::new(Observer::default());
    let evidence = under_load(options, &ground, &observer).await?;
    let findings = checker::check(&evidence);
    let is_kept = checker::print(&evidence, &findings);
    if !is_kept || options.keep {
        println!("The history and the logs are in {}", keep(&folder)?.display());
    }
    Ok(is_kept)
}

/// The crowd, the faults, and the time after them.
async fn under_load(
    options: &RunOptions,
    ground: &Ground,
    observer: &Arc<Observer>,
) -> Result<Evidence> {
    let (rig, crowd, history) = (&ground.rig, &ground.crowd, &ground.history);
    let begun = Instant::now();
    eprintln!("The crowd comes …");
    let fans = tokio::spawn(Arc::clone(crowd).run(options.seed));
    let forger = tokio::spawn(forger::run(Arc::clone(crowd), options.seed));
    let watching = {
        let (observer, rig) = (Arc::clone(observer), Arc::clone(rig));
        let (crowd, history) = (Arc::clone(crowd), Arc::clone(history));
        spawn_blocking(move || observer.run(&rig, &crowd, &history))
    };
    let is_over = Arc::new(AtomicBool::new(false));
    if let Some(sabotage) = options.sabotage {
        let (rig, crowd, is_over) = (Arc::clone(rig), Arc::clone(crowd), Arc::clone(&is_over));
        spawn_blocking(move || sabotage.go_on(&rig, &crowd, &is_over));
    }

    let length = Duration::from_secs(options.seconds);
    until(begun + Duration::from_secs(CALM_AT_FIRST_S), rig).await?;
    for planned in plan(options.seed, options.seconds, options.only.as_ref()) {
        let ground = ground.clone();
        let window = spawn_blocking(move || ground.inject(&planned)).await??;
        let (from, to) = (window.begun_us as f64 / 1e6, window.ended_us as f64 / 1e6);
        println!("{from:7.1} s – {to:6.1} s  {}: {}", window.fault, window.detail);
        until(Instant::now() + Duration::from_secs(GAP_S), rig).await?;
    }
    until(begun + length, rig).await?;

    eprintln!("The crowd goes home …");
    crowd.close();
    forger.abort();
    if tokio::time::timeout(LAST_FANS, fans).await.is_err() {
        eprintln!("some fans did not go home in {} s", LAST_FANS.as_secs());
    }
    rig.sink.heal();
    eprintln!("Waiting until everything agrees …");
    let settled = settle(rig, crowd).await?;
    is_over.store(true, Ordering::SeqCst);
    observer.stop();
    watching.await?.context("a look at the stores during the run")?;
    rig.system.expect_running()?;
    gather(options, ground, observer, settled)
}

fn gather(
    options: &RunOptions,
    ground: &Ground,
    observer: &Observer,
    settled: Settled,
) -> Result<Evidence> {
    let calls = ground.history.calls();
    Ok(Evidence {
        seed: options.seed,
        calls: calls.iter().map(Call::read).collect::<Result<_>>()?,
        windows: ground.windows(),
        venues: ground.crowd.venues.clone(),
        samples: observer.samples(),
        balances: observer.balances(),
        notices: ground.rig.sink.taken(),
        settled,
    })
}

/// Waits, and fails when the application has died by itself.
async fn until(moment: Instant, rig: &Rig) -> Result<()> {
    while Instant::now() < moment {
        let left = moment.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(WATCH_INTERVAL)).await;
        rig.system.expect_running().context("nobody killed it")?;
    }
    Ok(())
}

/// Copies what helps to understand a run to a folder that stays.
fn keep(folder: &std::path::Path) -> Result<PathBuf> {
    let kept = tempfile::Builder::new().prefix("boxoffice-chaos-").tempdir()?.keep();
    for name in ["history/calls.jsonl", "application.log", "postgres/postgres.log"] {
        let target = kept.join(name.rsplit('/').next().unwrap_or(name));
        // A log that is not there is no reason to lose the others.
        let _ = std::fs::copy(folder.join(name), target);
    }
    Ok(kept)
}

/// What is being tested, as git names it.
fn commit() -> String {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty", "--abbrev=12"]).current_dir(stack::repository());
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
