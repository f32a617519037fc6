//! Starts an application: reads the manifest, loads the components, listens.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cron::Schedule;
use crate::engine;
use crate::http::{Application, Backpressure, ReuseOptions, Server, Silence};
use crate::instance::{Limits, LoadedComponent};
use crate::linker;
use crate::manifest::Manifest;
use crate::options::Options;
use crate::variables::{Sources, Variables};

type Components = HashMap<String, Arc<LoadedComponent>>;

/// A started application.
pub(crate) struct Running {
    /// Cancelled: no new connections and no new cron runs.
    pub(crate) stop: CancellationToken,
    /// The listener with the requests under way, the schedules, and the cron runs.
    pub(crate) tasks: TaskTracker,
}

/// Starts everything; the error says what could not start.
pub(crate) async fn start(options: Options) -> Result<Running> {
    let manifest = Arc::new(Manifest::load(&options.manifest)?);
    let variables = Arc::new(variables(&manifest, &options)?);
    let components = load_components(&manifest, &variables, &options).await?;
    let schedules = schedules(&manifest, &components)?;

    let running = Running { stop: CancellationToken::new(), tasks: TaskTracker::new() };
    listen(&manifest, &components, &options, &running).await?;
    for schedule in schedules {
        let runs = running.tasks.clone();
        running.tasks.spawn(schedule.run(running.stop.clone(), runs));
    }
    Ok(running)
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
    let engine = engine::build(
        options.cache_folder.as_deref(),
        options.max_instances,
        options.max_concurrent_requests,
    )?;
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

/// Serves in the background, and returns the address.
async fn listen(
    manifest: &Manifest,
    components: &Components,
    options: &Options,
    running: &Running,
) -> Result<()> {
    if manifest.trigger.http.is_empty() {
        return announce("running without http");
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
        max_instances: usize::try_from(options.max_instances)?,
        max_body_wait: options.max_body_wait,
    };
    let stop = &running.stop;
    let application = Application::new(manifest, components, reuse, backpressure, stop)?;
    let silence = Silence {
        before_first: options.first_request_timeout,
        later: options.idle_connection_timeout,
    };
    let server = Server::bind(options.listen, options.max_connections, silence).await?;
    announce(&format!("listening on http://{}", server.address()?))?;
    running.tasks.spawn(server.serve(Arc::new(application), stop.clone()));
    Ok(())
}

fn announce(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}
