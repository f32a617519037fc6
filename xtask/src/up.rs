//! `cargo xtask up`: the whole system on this machine.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use stack::{System, SystemOptions, application_is_running, has_record, stop_recorded};
use tokio::signal::unix::{SignalKind, signal};

use crate::build::build_with_components;
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::{root, run_folder};
use crate::runtime::{self, RuntimeName};

/// The program of the test provider.
pub(crate) const PROVIDER: &str = "fake-provider";

/// How often the foreground looks whether the application still runs.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// Options of `up`.
#[derive(Args)]
pub(crate) struct UpArguments {
    /// What runs spin.toml. Without this: spin where Spin 4.1 and its cron plugin are installed.
    #[arg(long)]
    runtime: Option<RuntimeName>,
    /// The port to serve on.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Return when the system is up; `cargo xtask down` stops it.
    #[arg(long)]
    detach: bool,
}

pub(crate) fn run(arguments: UpArguments) -> Result<ExitCode> {
    let folder = run_folder();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = lock(&folder)?;
    if already_up(&folder, arguments.port)? {
        return Ok(ExitCode::SUCCESS);
    }
    let progress = Arc::new(Progress::new());
    ensure_servers(&progress)?;
    let provider = local_provider()?;
    let spin = runtime::choose_spin(arguments.runtime)?;
    let host = spin.is_none().then_some("host");
    let programs = host.into_iter().chain(provider.is_some().then_some(PROVIDER));
    build_with_components(&programs.collect::<Vec<_>>(), &progress)?;
    let runtime = spin.map_or_else(runtime::host, Ok)?;
    let name = format!("{} ({})", runtime.name(), runtime::program(&runtime).display());
    let steps = Arc::clone(&progress);
    let options = SystemOptions {
        port: Some(arguments.port),
        provider,
        on_step: Box::new(move |text| steps.step(text)),
        ..SystemOptions::new(&root(), runtime)
    };
    let system = System::start(&folder, options)?;
    progress.done();
    tell(&system, &name, arguments.detach);
    if arguments.detach {
        system.detach();
        return Ok(ExitCode::SUCCESS);
    }
    drop(lock);
    stay(system, &folder)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the test provider is once it is built, unless the variables name another provider.
pub(crate) fn local_provider() -> Result<Option<PathBuf>> {
    let names = ["SPIN_VARIABLE_STRIPE_API_BASE", "SPIN_VARIABLE_STRIPE_API_KEY"];
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if names.into_iter().any(is_set) {
        return Ok(None);
    }
    stack::fake_provider_program().map(Some)
}

/// One `up` or `down` at a time.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("Waiting for another `cargo xtask up` or `down` to get ready …");
        file.lock()?;
    }
    Ok(file)
}

/// Whether a system of an earlier `up` answers. Parts of one that does not are stopped.
fn already_up(folder: &Path, port: u16) -> Result<bool> {
    if let Some(running) = running(folder) {
        if running.port != port {
            bail!(
                "Boxoffice already runs on {}; `cargo xtask down` stops it, then it can start on \
                 port {port}",
                running.base_url
            );
        }
        println!("Boxoffice already runs on {}", running.base_url);
        return Ok(true);
    }
    stop_recorded(folder)?;
    Ok(false)
}

/// A system that answers.
pub(crate) struct Running {
    pub(crate) base_url: String,
    /// The lines of `env`, as names and values.
    pub(crate) variables: Vec<(String, String)>,
    port: u16,
}

/// The system that was started in this folder, if it still runs and is ready.
pub(crate) fn running(folder: &Path) -> Option<Running> {
    if !application_is_running(folder) {
        return None;
    }
    let text = fs::read_to_string(folder.join("env")).ok()?;
    let variables: Vec<(String, String)> = text.lines().filter_map(parse_line).collect();
    let base_url = variables.iter().find(|(name, _)| name == "BASE_URL")?.1.clone();
    let port = base_url.rsplit(':').next()?.parse().ok()?;
    let is_ready = matches!(stack::get(port, "/health/ready"), Ok((200, _)));
    is_ready.then_some(Running { base_url, variables, port })
}

/// Reads `NAME='value'`. No value of ours holds a quote.
fn parse_line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    Some((name.to_owned(), value.to_owned()))
}

fn tell(system: &System, runtime: &str, detached: bool) {
    println!("Boxoffice runs on {} with {runtime}", system.base_url);
    if let Some(url) = system.provider_url() {
        println!("A test provider takes payments on {url}; no money moves");
        println!("Letters to buyers are shown on {url}/letters; none is sent");
    }
    println!("Keys and addresses for clients: set -a; . .run/env; set +a");
    println!("Log: {}", system.application_log().display());
    match detached {
        true => println!("`cargo xtask down` stops it."),
        false => println!("Ctrl-C stops it."),
    }
}

/// Waits for Ctrl-C, or for the end of the application, and stops everything.
fn stay(system: System, folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(until_the_end(&system));
    if outcome.is_err() && was_stopped_by_down(folder)? {
        println!("Stopped by `cargo xtask down`.");
        return Ok(());
    }
    eprintln!("Stopping …");
    system.stop()?;
    stop_recorded(folder)?;
    outcome
}

/// `down` holds the lock while it stops the servers, and forgets them at the end.
fn was_stopped_by_down(folder: &Path) -> Result<bool> {
    if folder.exists() {
        let _lock = lock(folder)?;
    }
    Ok(!has_record(folder))
}

async fn until_the_end(system: &System) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = hang_up.recv() => return Ok(()),
            () = tokio::time::sleep(WATCH_INTERVAL) => system.expect_running()?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_environment_is_read_back() {
        let line = parse_line("BASE_URL='http://127.0.0.1:3000'").expect("a line");
        assert_eq!(line, ("BASE_URL".to_owned(), "http://127.0.0.1:3000".to_owned()));
        assert_eq!(parse_line("BASE_URL=http://127.0.0.1"), None);
    }
}
