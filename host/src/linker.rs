//! Everything a component can import.

use anyhow::Result;
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiView, p2, p3};

use crate::bindings;
use crate::instance::{HostData, InstanceState};

/// Builds the linker.
///
/// WASI without sockets: a component reaches the network through HTTP, Redis and Postgres, where
/// `allowed_outbound_hosts` is checked. One that imports sockets is refused at start.
pub(crate) fn build(engine: &Engine) -> Result<Linker<InstanceState>> {
    let mut linker = Linker::new(engine);
    add_wasi_p2(&mut linker)?;
    add_wasi_p3(&mut linker)?;
    bindings::redis::add_to_linker::<_, HostData>(&mut linker, |state| state)?;
    bindings::postgres::add_to_linker::<_, HostData>(&mut linker, |state| state)?;
    bindings::variables::add_to_linker::<_, HostData>(&mut linker, |state| state)?;
    Ok(linker)
}

/// What Rust's standard library imports.
fn add_wasi_p2(linker: &mut Linker<InstanceState>) -> Result<()> {
    type State = InstanceState;
    p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    random::insecure::add_to_linker::<State, WasiRandom>(linker, |s| s.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(linker, |s| s.ctx().ctx.random())?;
    Ok(())
}

fn add_wasi_p3(linker: &mut Linker<InstanceState>) -> Result<()> {
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    Ok(())
}
