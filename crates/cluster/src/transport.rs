//! The thin layer under the routing: single connections, a clock, a source of chance.

use std::time::Duration;

use crate::{Argument, NodeAddress, Reply};

/// How the routing reaches Redis nodes.
///
/// Errors are the text that Spin gives to a guest, or the text of the server itself; the routing
/// reads both. `open` and `execute` need no timeout of their own: the routing races each call
/// against `sleep` and drops the future that is late, so both must tolerate being dropped.
#[expect(async_fn_in_trait, reason = "used from single-threaded tasks only, no Send bound wanted")]
pub trait Transport {
    /// One multiplexed connection. A clone is another handle to the same connection; it is closed
    /// when the last handle is dropped.
    type Connection: Clone;

    /// Opens a new connection to the node. Credentials are the transport's business.
    async fn open(&self, address: &NodeAddress) -> Result<Self::Connection, String>;

    /// Sends one command and waits for its reply.
    async fn execute(
        &self,
        connection: &Self::Connection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String>;

    /// Completes after `duration`.
    async fn sleep(&self, duration: Duration);

    /// Monotonic time since an arbitrary start.
    fn elapsed(&self) -> Duration;

    /// Any number, for jitter and for choosing among equals. Need not be secret.
    fn random(&self) -> u64;
}
