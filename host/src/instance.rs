//! Instances of a component: what they share, and what each has for itself.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use wasmtime::component::{HasData, InstancePre, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::engine;
use crate::guest_output::{GuestOutput, Stream};
use crate::http::outbound::OutboundHttp;
use crate::manifest::{Component, Files, Folder, Manifest, Source};
use crate::outbound::AllowedHosts;
use crate::postgres::pool::Pools;
use crate::variables::Variables;

/// What all instances of a component share.
pub(crate) struct SharedState {
    /// The component's id.
    pub(crate) id: Arc<str>,
    /// What it may connect to.
    pub(crate) allowed_hosts: AllowedHosts,
    /// Its variables, by its own names.
    pub(crate) variables: HashMap<String, String>,
    /// Its Postgres connections.
    pub(crate) postgres_pools: Pools,
    environment: Vec<(String, String)>,
    folders: Vec<(PathBuf, String)>,
    limits: Limits,
}

/// How instances are treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Largest linear memory of an instance; no bound if none.
    pub(crate) max_memory_bytes: Option<usize>,
    /// Whether what guests print is logged.
    pub(crate) output_shown: bool,
}

/// What one instance has for itself: the data of its store.
pub(crate) struct InstanceState {
    /// What it shares with the other instances.
    pub(crate) component: Arc<SharedState>,
    /// Everything its handles stand for.
    pub(crate) table: ResourceTable,
    /// Redis connections in the table.
    pub(crate) redis_connections: usize,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound_http: OutboundHttp,
    limits: StoreLimits,
}

/// Names [`InstanceState`] as the data of this host's own interfaces.
pub(crate) struct HostData;

impl HasData for HostData {
    type Data<'a> = &'a mut InstanceState;
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound_http,
        }
    }
}

/// A component ready to be instantiated.
pub(crate) struct LoadedComponent {
    /// Compiled, with its imports resolved.
    pub(crate) pre: InstancePre<InstanceState>,
    shared: Arc<SharedState>,
}

impl LoadedComponent {
    /// Compiles a component of the manifest and resolves its imports.
    pub(crate) fn load(
        engine: &Engine,
        linker: &Linker<InstanceState>,
        manifest: &Manifest,
        variables: &Variables,
        id: &str,
        limits: Limits,
    ) -> Result<Self> {
        let component = manifest.component.get(id).context("unknown component")?;
        let Source::Path(source) = &component.source;
        let compiled = engine::load(engine, &manifest.folder.join(source))?;
        let pre = linker.instantiate_pre(&compiled).map_err(anyhow::Error::from).context(
            "it imports what this host does not offer, or in another version; the Spin CLI may",
        )?;
        let shared = SharedState::new(manifest, component, variables, id, limits)?;
        Ok(Self { pre, shared: Arc::new(shared) })
    }

    /// The component's id.
    pub(crate) fn id(&self) -> &str {
        &self.shared.id
    }

    /// A store for one more instance.
    pub(crate) fn store(&self) -> Result<Store<InstanceState>> {
        let shared = &self.shared;
        let mut limits = StoreLimitsBuilder::new();
        if let Some(bytes) = shared.limits.max_memory_bytes {
            limits = limits.memory_size(bytes);
        }
        let state = InstanceState {
            component: Arc::clone(shared),
            table: ResourceTable::new(),
            redis_connections: 0,
            wasi: shared.wasi()?,
            http: WasiHttpCtx::new(),
            outbound_http: OutboundHttp { component: Arc::clone(shared) },
            limits: limits.build(),
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limits);
        Ok(store)
    }
}

impl SharedState {
    fn new(
        manifest: &Manifest,
        component: &Component,
        variables: &Variables,
        id: &str,
        limits: Limits,
    ) -> Result<Self> {
        let hosts = component
            .allowed_outbound_hosts
            .iter()
            .map(|host| variables.render(host))
            .collect::<Result<Vec<_>>>()?;
        let folders =
            component.files.iter().map(|Files::Folder(Folder { source, destination })| {
                (manifest.folder.join(source), destination.clone())
            });
        Ok(Self {
            id: id.into(),
            allowed_hosts: AllowedHosts::parse(&hosts)?,
            variables: variables.of_component(component)?,
            postgres_pools: Pools::default(),
            environment: component.environment.clone().into_iter().collect(),
            folders: folders.collect(),
            limits,
        })
    }

    fn wasi(&self) -> Result<WasiCtx> {
        let output = |stream| GuestOutput {
            component: Arc::clone(&self.id),
            stream,
            shown: self.limits.output_shown,
        };
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output(Stream::Stdout))
            .stderr(output(Stream::Stderr))
            .envs(&self.environment)
            .allow_tcp(false)
            .allow_udp(false);
        for (source, destination) in &self.folders {
            wasi.preopened_dir(source, destination, FsPerms::ReadOnly)
                .map_err(anyhow::Error::from)
                .with_context(|| format!("cannot open the folder {}", source.display()))?;
        }
        Ok(wasi.build())
    }
}
