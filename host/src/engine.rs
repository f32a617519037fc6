//! Wasmtime, set up as in Spin, and components compiled for it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasmtime::component::Component;
use wasmtime::{Cache, CacheConfig, Config, Engine, PoolingAllocationConfig};

const MB: usize = 1 << 20;

/// Builds the engine.
///
/// `cache_folder`: compiled components are kept there, so that the next start need not compile.
/// `max_instances`: instances alive at once in this process; an instantiation beyond it fails.
/// `max_requests`: requests in their hands at once.
pub(crate) fn build(
    cache_folder: Option<&Path>,
    max_instances: u32,
    max_requests: usize,
) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    if let Some(folder) = cache_folder {
        config.cache(Some(cache(folder)?));
    }
    config.allocation_strategy(pool(max_instances, max_requests));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            // A pool reserves 4 GB of address space for each instance. Where that is limited
            // (`ulimit -v`, some containers) the same instances work, only slower to start.
            tracing::warn!(error = %error, "no instance pool: allocating on demand");
            config.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
            Ok(Engine::new(&config)?)
        }
    }
}

/// Compiles a component, or finds it in the cache.
pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Component> {
    Component::from_file(engine, path)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("cannot load {}", path.display()))
}

fn cache(folder: &Path) -> Result<Cache> {
    let folder: PathBuf = std::path::absolute(folder)?;
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Ok(Cache::new(config)?)
}

/// Sizes as in Spin: 1,000 instances by default and everything else in proportion, but for the
/// stacks. Each request takes one, and so does each instance; Spin has one per instance, and a
/// request without a stack ends its instance with all other requests of it.
fn pool(max_instances: u32, max_requests: usize) -> PoolingAllocationConfig {
    let max_requests = u32::try_from(max_requests).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(max_instances)
        .total_memories(max_instances)
        .total_stacks(max_instances.saturating_add(max_requests))
        .total_tables(max_instances.saturating_mul(2))
        .total_core_instances(max_instances.saturating_mul(4))
        .table_elements(100_000)
        .max_component_instance_size(10 * MB)
        .max_core_instance_size(10 * MB)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_tables_per_module(2)
        .max_memories_per_module(2)
        .max_memory_size(4 << 30)
        .linear_memory_keep_resident(2 * MB)
        .table_keep_resident(MB / 2);
    pool
}
