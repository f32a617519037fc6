//! Connections that one caller has for itself, for commands that block.
//!
//! A blocking command keeps everything behind it on its connection waiting, so it never goes over
//! the connection that the tasks share.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::remedy::Remedy;
use crate::request::Target;
use crate::slot::Slot;
use crate::timing::{Budget, within};
use crate::{Argument, Error, NodeAddress, Reply, Transport};

/// What the caller keeps between two blocking commands; not open at first.
pub struct DedicatedConnection<C> {
    open: Option<(NodeAddress, C)>,
}

impl<C> Default for DedicatedConnection<C> {
    fn default() -> Self {
        Self { open: None }
    }
}

impl<C> DedicatedConnection<C> {
    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl<T: Transport> Cluster<T> {
    /// One command on the master that owns the slot of `key`, over `own`, which is opened when it
    /// is not. The command may block for as long as it likes below `limit`.
    ///
    /// There is one attempt. After an error the connection is closed and, where the error says so,
    /// the topology learned anew; the caller pauses and tries again.
    ///
    /// # Errors
    /// See [`Error`]; never later than `limit` and the time to learn the topology.
    pub async fn execute_dedicated(
        &self,
        own: &mut DedicatedConnection<T::Connection>,
        key: &str,
        command: &str,
        arguments: Vec<Argument>,
        limit: Duration,
    ) -> Result<Vec<Reply>, Error> {
        let slot = Slot::of(key);
        let budget = Budget::new(self.transport.elapsed(), limit);
        self.ensure_topology(budget).await;
        let node = self.destination(&Target::Owner, slot)?;
        let held = own.open.take().filter(|(address, _)| *address == node);
        let exchange = async {
            let connection = match held {
                Some((_, connection)) => connection,
                None => self.transport.open(&node).await?,
            };
            let replies = self.transport.execute(&connection, command, &arguments).await?;
            Ok((replies, connection))
        };
        let (result, connection) = match within(&self.transport, limit, exchange).await {
            Some(Ok((replies, connection))) => (Some(Ok(replies)), Some(connection)),
            Some(Err(text)) => (Some(Err(text)), None),
            None => (None, None),
        };
        let failure = match self.judge(&node, result) {
            Ok(replies) => {
                own.open = connection.map(|connection| (node, connection));
                return Ok(replies);
            }
            Err(failure) => failure,
        };
        let budget = Budget::new(self.transport.elapsed(), limit);
        match failure.remedy() {
            Remedy::FollowMoved(redirect) => {
                let owner = self.locate(&redirect, &node);
                self.refresh(vec![node], budget).await;
                self.state.borrow_mut().slots.learn(redirect.slot, &owner);
                Err(failure.error())
            }
            Remedy::Reopen | Remedy::RefreshAndRetry => {
                self.refresh(self.known_nodes(Some(&node)), budget).await;
                Err(failure.error())
            }
            // A key that is on its way is where it was, or where it will be, a little later.
            Remedy::FollowAsk(_) | Remedy::WaitAndRetry => Err(failure.error()),
            Remedy::SendSource => Err(failure.rejection()),
            Remedy::GiveUp(error) => Err(error),
        }
    }

    /// Closes the connections that the tasks share; those in use, when they are free. The next
    /// command opens what it needs.
    pub fn close_shared(&self) {
        self.state.borrow_mut().connections.close_shared();
    }
}
