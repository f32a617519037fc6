//! One proxied connection: two directions, each with the faults of its link.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use crate::proxy::link::{Link, Mode};
use crate::proxy::steps::Reader;
use crate::proxy::trap::{Action, Moment};

/// What is read at once: most requests and replies are one piece.
const PIECE_BYTES: usize = 16 * 1024;

/// How long a server is waited for before the application is ended "after the reply". It has the
/// request, so it goes on even if it is slower than this.
const REPLY_WAIT: Duration = Duration::from_millis(500);

/// From the first byte of a reply to the kill: enough for the commit the reply tells of.
const AFTER_REPLY: Duration = Duration::from_millis(3);

/// Pieces of a trickle that are sent before others get a turn.
const TRICKLE_BYTES_MAX: usize = 2_048;

/// The state of one connection.
pub(crate) struct Connection<'a> {
    link: &'a Link,
    number: u64,
    random: Mutex<fastrand::Rng>,
    /// Set when a step was recognised after which the application ends: replies stay here.
    is_held: AtomicBool,
    replied: Notify,
}

/// Why a direction ended.
enum End {
    /// A side closed, or the connection is cut.
    Closed,
    /// Reset it.
    Reset,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(link: &'a Link, number: u64, seed: u64) -> Self {
        let random = Mutex::new(fastrand::Rng::with_seed(seed ^ number.rotate_left(32)));
        let is_held = AtomicBool::new(false);
        Self { link, number, random, is_held, replied: Notify::new() }
    }

    pub(crate) async fn run(&self, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (mut to_client, mut to_server) = (to_client, to_server);
        let end = tokio::select! {
            end = self.requests(from_client, &mut to_server) => end,
            end = self.replies(from_server, &mut to_client) => end,
        };
        if matches!(end, End::Reset) {
            let _ = to_client.as_ref().set_zero_linger();
        }
    }

    /// From the application to the server.
    async fn requests(&self, mut from: OwnedReadHalf, to: &mut OwnedWriteHalf) -> End {
        let mut reader = Reader::new(self.link.side);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let Ok(length @ 1..) = from.read(&mut piece).await else { return End::Closed };
            let bytes = &piece[..length];
            let armed = self.link.trap.recognise(reader.steps_in(bytes));
            if let Some((Moment::Before, action)) = armed {
                self.link.trap.spring(action);
                if action == Action::Kill {
                    return End::Closed;
                }
                self.link.trap.gate().await;
            }
            if !self.pass_through_hole().await {
                return End::Closed;
            }
            let after = armed.filter(|(moment, _)| *moment == Moment::After);
            self.is_held.store(after.is_some(), Ordering::SeqCst);
            if self.deliver(to, bytes).await.is_err() {
                return End::Closed;
            }
            if let Some((_, action)) = after {
                let _ = tokio::time::timeout(REPLY_WAIT, self.replied.notified()).await;
                tokio::time::sleep(AFTER_REPLY).await;
                self.link.trap.spring(action);
                if action == Action::Kill {
                    return End::Closed;
                }
            }
        }
    }

    /// From the server to the application.
    async fn replies(&self, mut from: OwnedReadHalf, to: &mut OwnedWriteHalf) -> End {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let Ok(length @ 1..) = from.read(&mut piece).await else { return End::Closed };
            if self.is_held.load(Ordering::SeqCst) {
                self.replied.notify_one();
                self.link.trap.gate().await;
            }
            if !self.pass_through_hole().await {
                return End::Closed;
            }
            let bytes = &piece[..length];
            match self.mode() {
                Mode::CutReplies(percent) if self.happens(percent) => {
                    self.link.count_disturbed();
                    return End::Closed;
                }
                Mode::ResetInReply(percent) if self.happens(percent) => {
                    self.link.count_disturbed();
                    let _ = to.write_all(&bytes[..length / 2]).await;
                    return End::Reset;
                }
                _ => {}
            }
            if self.deliver(to, bytes).await.is_err() {
                return End::Closed;
            }
        }
    }

    fn mode(&self) -> Mode {
        *self.link.modes().borrow()
    }

    fn happens(&self, percent: u8) -> bool {
        self.random_below(100) < u64::from(percent)
    }

    fn random_below(&self, bound: u64) -> u64 {
        let mut random = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        random.u64(0..bound.max(1))
    }

    /// Waits while the link is a black hole; whether the connection outlives it.
    async fn pass_through_hole(&self) -> bool {
        let mut modes = self.link.modes();
        if *modes.borrow() != Mode::BlackHole {
            return true;
        }
        self.link.count_disturbed();
        let _ = modes.wait_for(|mode| *mode != Mode::BlackHole).await;
        self.number.is_multiple_of(2)
    }

    async fn deliver(&self, to: &mut OwnedWriteHalf, bytes: &[u8]) -> std::io::Result<()> {
        match self.mode() {
            Mode::Latency(least) => {
                let more_us = self.random_below(u64::try_from(least.as_micros()).unwrap_or(0));
                tokio::time::sleep(least + Duration::from_micros(more_us)).await;
                self.link.count_disturbed();
            }
            Mode::Trickle => {
                self.link.count_disturbed();
                let (slow, rest) = bytes.split_at(bytes.len().min(TRICKLE_BYTES_MAX));
                for byte in slow {
                    to.write_all(std::slice::from_ref(byte)).await?;
                    tokio::task::yield_now().await;
                }
                return to.write_all(rest).await;
            }
            _ => {}
        }
        to.write_all(bytes).await
    }
}

/// Closes a connection with RST.
pub(crate) fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}
