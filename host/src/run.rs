//! From the command line to a running application, and to its end.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cron::Schedule;
use crate::engine;
use crate::http::{Application, Backpressure, ReuseOptions, Server};
use crate::instance::{Limits, LoadedComponent};
use crate::linker;
use crate::manifest::Manifest;
use crate::options::Options;
use crate::variables::{Sources, Variables};

type Components = HashMap<String, Arc<LoadedComponent>>;

/// Runs the application until SIGTERM or SIGINT.
///
/// Prints one line on standard output once it is ready: `listening on http://<address>`, or
/// `running without http`.
pub async fn run(options: Options) -> Result<()> {
    let mut signals = Signals::new()?;
    let manifest = Arc::new(Manifest::load(&options.manifest)?);
    let variables = Arc::new(variables(&manifest, &options)?);
    let components = load_components(&manifest, &variables, &options).await?;
    let schedules = schedules(&manifest, &components)?;

    let stop = CancellationToken::new();
    let cron_runs = TaskTracker::new();
    let server = serve(&manifest, &components, &options, stop.clone()).await?;
    for schedule in schedules {
        tokio::spawn(schedule.run(stop.clone(), cron_runs.clone()));
    }

    signals.next().await;
    tracing::info!("stopping; a second signal stops at once");
    stop.cancel();
    cron_runs.close();
    let drained = async { tokio::join!(server, cron_runs.wait()) };
    tokio::select! {
        _ = drained => {}
        () = tokio::time::sleep(options.drain_timeout) => tracing::warn!("work under way is cut off"),
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

fn variables(manifest: &Manifest, options: &Options) -> Result<Variables> {
    let (file, required) = match &options.env_file {
        Some(file) => (file.clone(), true),
        None => (manifest.folder.join(".env"), false),
    };
    let sources = Sources::collect(options.variables.clone(), &file, required)?;
    Variables::resolve(&manifest.variables, &sources)
}

/// Loads what a trigger names, on all processors: compiling is what a first start waits for.
async fn load_components(
    manifest: &Arc<Manifest>,
    variables: &Arc<Variables>,
    options: &Options,
) -> Result<Components> {
    let engine = engine::build(options.cache_folder.as_deref(), options.max_instances)?;
    let linker = Arc::new(linker::build(&engine)?);
    let limits =
        Limits { max_memory_bytes: options.max_instance_memory, output_shown: !options.quiet };
    let http = manifest.trigger.http.iter().filter_map(|trigger| trigger.component.clone());
    let cron = manifest.trigger.cron.iter().map(|trigger| trigger.component.clone());
    let mut loading = JoinSet::new();
    for id in http.chain(cron).collect::<BTreeSet<_>>() {
        let (engine, linker) = (engine.clone(), Arc::clone(&linker));
        let (manifest, variables) = (Arc::clone(manifest), Arc::clone(variables));
        loading.spawn_blocking(move || {
            let loaded =
                LoadedComponent::load(&engine, &linker, &manifest, &variables, &id, limits)
                    .with_context(|| format!("component {id:?}"))?;
            anyhow::Ok((id, Arc::new(loaded)))
        });
    }
    let mut components = HashMap::new();
    while let Some(loaded) = loading.join_next().await {
        let (id, component) = loaded??;
        components.insert(id, component);
    }
    Ok(components)
}

fn schedules(manifest: &Manifest, components: &Components) -> Result<Vec<Schedule>> {
    let triggers = manifest.trigger.cron.iter();
    triggers
        .map(|trigger| {
            let component = components.get(&trigger.component).context("unknown component")?;
            Schedule::new(Arc::clone(component), &trigger.cron_expression)
                .with_context(|| format!("component {:?}", trigger.component))
        })
        .collect()
}

/// Starts to serve in the background, and tells where.
async fn serve(
    manifest: &Manifest,
    components: &Components,
    options: &Options,
    stop: CancellationToken,
) -> Result<tokio::task::JoinHandle<()>> {
    if manifest.trigger.http.is_empty() {
        announce("running without http")?;
        return Ok(tokio::spawn(async {}));
    }
    let reuse = ReuseOptions {
        max_requests: options.max_instance_reuse_count,
        max_concurrent_requests: options.max_instance_concurrent_reuse_count,
        idle_timeout: options.idle_instance_timeout,
        request_timeout: options.request_timeout,
    };
    let backpressure = Backpressure {
        max_requests: options.max_concurrent_requests,
        max_wait: options.max_request_wait,
    };
    let application = Application::new(manifest, components, reuse, backpressure)?;
    let server = Server::bind(options.listen, options.max_connections).await?;
    announce(&format!("listening on http://{}", server.address()?))?;
    Ok(tokio::spawn(server.serve(Arc::new(application), stop)))
}

fn announce(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}
