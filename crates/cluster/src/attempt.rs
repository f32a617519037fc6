//! One command on one node, once.

use std::cell::Cell;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::connections::{Claim, Opening, Outcome};
use crate::failure::Failure;
use crate::timing::within;
use crate::{Argument, NodeAddress, Reply, Transport};

/// The first wait of a task for another task's opening, about as long as an opening takes.
const FIRST_OPENING_WAIT: Duration = Duration::from_millis(1);

/// The longest such wait: 16 tasks that wait for a frozen node wake about 800 times a second.
const LONGEST_OPENING_WAIT: Duration = Duration::from_millis(20);

impl<T: Transport> Cluster<T> {
    /// Sends a command over the connection that all tasks share, within `limit`. A connection
    /// that fails or stays silent is dropped, so that the next attempt opens another.
    pub(crate) async fn attempt(
        &self,
        address: &NodeAddress,
        command: &str,
        arguments: &[Argument],
        limit: Duration,
    ) -> Result<Vec<Reply>, Failure> {
        let used = Cell::new(None);
        let exchange = async {
            let (opening, connection) = self.shared_connection(address).await?;
            used.set(Some(opening));
            self.transport.execute(&connection, command, arguments).await
        };
        let result = self.judge(address, within(&self.transport, limit, exchange).await);
        if let (Err(failure), Some(opening)) = (&result, used.get())
            && failure.is_broken()
        {
            self.state.borrow_mut().connections.discard(address, opening);
        }
        result
    }

    /// Sends ASKING and a command over a connection that no other task uses meanwhile: ASKING
    /// holds for whatever comes next on its connection.
    pub(crate) async fn attempt_asking(
        &self,
        address: &NodeAddress,
        command: &str,
        arguments: &[Argument],
        limit: Duration,
    ) -> Result<Vec<Reply>, Failure> {
        let exclusive = Cell::new(None);
        let exchange = async {
            let idle = self.state.borrow_mut().connections.take_asking(address);
            let connection = match idle {
                Some(connection) => connection,
                None => self.transport.open(address).await?,
            };
            self.transport.execute(&connection, "ASKING", &[]).await?;
            let result = self.transport.execute(&connection, command, arguments).await;
            // From here the connection owes nothing, and the command has used ASKING up.
            exclusive.set(Some(connection));
            result
        };
        let result = self.judge(address, within(&self.transport, limit, exchange).await);
        if let Some(connection) = exclusive.take()
            && !result.as_ref().is_err_and(Failure::is_broken)
        {
            self.state.borrow_mut().connections.give_asking(address, connection);
        }
        result
    }

    /// Sorts the result of an exchange and remembers whether the node answers at all.
    pub(crate) fn judge(
        &self,
        address: &NodeAddress,
        result: Option<Result<Vec<Reply>, String>>,
    ) -> Result<Vec<Reply>, Failure> {
        let result = result.map_or(Err(Failure::Late), |result| result.map_err(Failure::said));
        let now = self.transport.elapsed();
        let connections = &mut self.state.borrow_mut().connections;
        if result.as_ref().is_err_and(Failure::is_broken) {
            connections.note_failure(address, now);
        } else {
            connections.note_answer(address);
        }
        result
    }

    /// The connection to a node that all tasks share. One task opens it; the others look again
    /// every few milliseconds instead of being woken, see the invariant of this crate.
    async fn shared_connection(
        &self,
        address: &NodeAddress,
    ) -> Result<(Opening, T::Connection), String> {
        loop {
            let claim = self.state.borrow_mut().connections.claim(address);
            match claim {
                Claim::Open(opening, connection) => return Ok((opening, connection)),
                Claim::MayOpen(opening) => return self.open_shared(address, opening).await,
                Claim::Wait(opening) => self.wait_for_opening(address, opening).await?,
            }
        }
    }

    async fn open_shared(
        &self,
        address: &NodeAddress,
        opening: Opening,
    ) -> Result<(Opening, T::Connection), String> {
        // Whoever drops this future half-way must not leave an opener behind that never opens.
        let mut guard = OpeningGuard { cluster: self, address, opening, is_over: false };
        let result = self.transport.open(address).await;
        guard.is_over = true;
        let connections = &mut self.state.borrow_mut().connections;
        match &result {
            Ok(connection) => connections.opened(address, opening, connection.clone()),
            Err(text) => connections.open_failed(address, opening, text),
        }
        result.map(|connection| (opening, connection))
    }

    /// Returns when the opening of another task is over; with its error if it failed.
    async fn wait_for_opening(
        &self,
        address: &NodeAddress,
        opening: Opening,
    ) -> Result<(), String> {
        let mut wait = FIRST_OPENING_WAIT;
        loop {
            self.transport.sleep(wait).await;
            match self.state.borrow().connections.outcome(address, opening) {
                Outcome::Opening => wait = (wait * 2).min(LONGEST_OPENING_WAIT),
                Outcome::Failed(text) => return Err(text),
                Outcome::Over => return Ok(()),
            }
        }
    }
}

struct OpeningGuard<'a, T: Transport> {
    cluster: &'a Cluster<T>,
    address: &'a NodeAddress,
    opening: Opening,
    is_over: bool,
}

impl<T: Transport> Drop for OpeningGuard<'_, T> {
    fn drop(&mut self) {
        if !self.is_over {
            self.cluster.state.borrow_mut().connections.discard(self.address, self.opening);
        }
    }
}
