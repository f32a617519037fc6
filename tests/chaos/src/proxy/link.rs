//! One proxied address: its listener, its connections, and how it misbehaves.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::proxy::pump::{Connection, reset};
use crate::proxy::steps::Side;
use crate::proxy::trap::Trap;

/// What a link does with what passes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Passes everything on.
    #[default]
    Pass,
    /// Resets every connection, old and new.
    Refuse,
    /// Passes nothing on and closes nothing. What was sent meanwhile arrives late, when the link
    /// is whole again, or never: every second connection is dropped then.
    BlackHole,
    /// Passes requests on and cuts the connection instead of this share of the replies, in percent.
    CutReplies(u8),
    /// Delivers half of this share of the replies, in percent, and resets the connection.
    ResetInReply(u8),
    /// Holds every piece back for so long, and up to as much again.
    Latency(Duration),
    /// One byte at a time, in both directions.
    Trickle,
}

/// A listener on 127.0.0.1 that stands before `upstream`.
#[derive(Debug)]
pub struct Link {
    /// For people: `redis-2`, `postgres`, `provider`.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it stands before.
    pub upstream: SocketAddr,
    pub(crate) side: Side,
    pub(crate) trap: Arc<Trap>,
    seed: u64,
    mode: watch::Sender<Mode>,
    connections: AtomicU64,
    /// Raised to drop every open connection.
    epoch: watch::Sender<u64>,
    disturbed: Mutex<u64>,
}

impl Link {
    /// Listens before `upstream`. Must be called inside of a runtime.
    pub fn start(
        name: &str,
        side: Side,
        upstream: SocketAddr,
        trap: Arc<Trap>,
        seed: u64,
    ) -> Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port for a link")?;
        listener.set_nonblocking(true)?;
        let link = Arc::new(Self {
            name: name.to_owned(),
            address: listener.local_addr()?,
            upstream,
            side,
            trap,
            seed,
            mode: watch::Sender::new(Mode::Pass),
            connections: AtomicU64::new(0),
            epoch: watch::Sender::new(0),
            disturbed: Mutex::new(0),
        });
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::spawn(Arc::clone(&link).serve(listener));
        Ok(link)
    }

    /// From now on it behaves like this.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        if mode == Mode::Refuse {
            self.drop_connections();
        }
    }

    /// Drops every open connection.
    pub fn drop_connections(&self) {
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// How many connections or pieces it has disturbed so far.
    pub fn disturbed(&self) -> u64 {
        *self.disturbed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count_disturbed(&self) {
        *self.disturbed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    pub(crate) fn modes(&self) -> watch::Receiver<Mode> {
        self.mode.subscribe()
    }

    async fn serve(self: Arc<Self>, listener: tokio::net::TcpListener) {
        loop {
            let Ok((client, _)) = listener.accept().await else {
                // Out of files for a moment: others will be closed.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let link = Arc::clone(&self);
            tokio::spawn(async move {
                let mut epochs = link.epoch.subscribe();
                let served = link.connect(client, number);
                tokio::select! {
                    () = served => {}
                    _ = epochs.changed() => link.count_disturbed(),
                }
            });
        }
    }

    async fn connect(&self, client: TcpStream, number: u64) {
        if *self.mode.borrow() == Mode::Refuse {
            self.count_disturbed();
            reset(client);
            return;
        }
        // A server that is down refuses, and so does the link.
        let Ok(server) = TcpStream::connect(self.upstream).await else { return reset(client) };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        Connection::new(self, number, self.seed).run(client, server).await;
    }
}
