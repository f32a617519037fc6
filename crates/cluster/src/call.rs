//! One call: attempts and remedies until there is a reply, a refusal or no time left.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::remedy::Remedy;
use crate::reply_error::Redirect;
use crate::request::{Request, Target};
use crate::slot::Slot;
use crate::timing::{Budget, pause};
use crate::{Error, NodeAddress, Reply, Transport};

/// Most redirects in a row. Two are the rule while a slot moves; more than five mean that the
/// nodes send the call round in circles.
const MAX_HOPS: u32 = 5;

/// How far a call has come.
struct Progress {
    budget: Budget,
    target: Target,
    /// Redirects since the last wait.
    hops: u32,
    /// Waits so far.
    retries: u32,
    /// Whether the last attempt failed for its connection.
    is_reopening: bool,
}

impl<T: Transport> Cluster<T> {
    /// Sends `request` to the owner of `slot` until there is a reply or `deadline` has passed.
    pub(crate) async fn call(
        &self,
        slot: Slot,
        mut request: Request<'_>,
        deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        let budget = Budget::new(self.transport.elapsed(), deadline);
        let mut progress = Progress::new(budget);
        let mut last_failure = Failure::Late;
        self.ensure_topology(budget).await;
        self.look_past_a_failed_owner(slot, budget).await;
        loop {
            let limit = budget.attempt(self.transport.elapsed());
            if limit.is_zero() {
                return Err(last_failure.error());
            }
            let node = self.destination(&progress.target, slot)?;
            let (command, arguments) = (request.command, request.arguments.as_slice());
            let result = if matches!(progress.target, Target::Asking(_)) {
                self.attempt_asking(&node, command, arguments, limit).await
            } else {
                self.attempt(&node, command, arguments, limit).await
            };
            last_failure = match result {
                Ok(replies) => return Ok(replies),
                Err(failure) => failure,
            };
            let remedy = last_failure.remedy();
            if remedy != Remedy::SendSource || !request.send_source() {
                self.apply(remedy, &last_failure, &node, &mut progress).await?;
            }
        }
    }

    /// Does what a failure calls for, up to the next attempt. An error ends the call.
    async fn apply(
        &self,
        remedy: Remedy,
        failure: &Failure,
        node: &NodeAddress,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let was_reopening = std::mem::replace(&mut progress.is_reopening, false);
        match remedy {
            Remedy::FollowMoved(redirect) => {
                progress.hop()?;
                let owner = self.locate(&redirect, node);
                // The node that redirects is alive and knows better: the one to ask for the rest.
                self.refresh(vec![node.clone()], progress.budget).await;
                self.state.borrow_mut().slots.learn(redirect.slot, &owner);
                progress.target = Target::Node(owner);
            }
            Remedy::FollowAsk(redirect) => {
                progress.hop()?;
                // mutant: asking-is-remembered
                progress.target = Target::Asking(self.locate(&redirect, node));
            }
            // A first failure may be a connection that died of age: another one, at once.
            Remedy::Reopen if !was_reopening => {
                progress.is_reopening = true;
                progress.target = Target::Owner;
            }
            Remedy::WaitAndRetry => self.wait(progress, failure).await?,
            Remedy::Reopen | Remedy::RefreshAndRetry => {
                progress.is_reopening = was_reopening;
                self.refresh(self.known_nodes(Some(node)), progress.budget).await;
                self.wait(progress, failure).await?;
            }
            // The node does not find a script that it has been sent in full, or it was no script.
            Remedy::SendSource => return Err(failure.rejection()),
            Remedy::GiveUp(error) => return Err(error),
        }
        Ok(())
    }

    /// If the owner of the slot failed a short time ago, others may know its successor by now.
    async fn look_past_a_failed_owner(&self, slot: Slot, budget: Budget) {
        let now = self.transport.elapsed();
        let failed = {
            let state = self.state.borrow();
            let owner = state.slots.owner(slot);
            owner.filter(|owner| state.connections.failed_lately(owner, now)).cloned()
        };
        if let Some(owner) = failed {
            self.refresh(self.known_nodes(Some(&owner)), budget).await;
        }
    }

    /// The node of the next attempt. While nobody is known to own the slot any node will do: it
    /// answers with MOVED, or that the slot is not served.
    pub(crate) fn destination(&self, target: &Target, slot: Slot) -> Result<NodeAddress, Error> {
        match target {
            Target::Asking(node) | Target::Node(node) => return Ok(node.clone()),
            Target::Owner => {}
        }
        let owner = self.state.borrow().slots.owner(slot).cloned();
        owner
            .or_else(|| self.known_nodes(None).into_iter().next())
            .ok_or_else(|| Error::Unavailable { cause: "no node is known".to_owned() })
    }

    /// The node a redirect names, as the client reaches it.
    pub(crate) fn locate(&self, redirect: &Redirect, answered: &NodeAddress) -> NodeAddress {
        let host = if redirect.host.is_empty() { &answered.host } else { &redirect.host };
        self.address_map.reachable(NodeAddress { host: host.clone(), port: redirect.port })
    }

    /// Waits before the next attempt at the owner. There is no point in waiting up to the deadline
    /// and sending nothing any more: then the failure is the answer.
    async fn wait(&self, progress: &mut Progress, failure: &Failure) -> Result<(), Error> {
        let pause = pause(progress.retries, self.transport.random());
        if pause >= progress.budget.left(self.transport.elapsed()) {
            return Err(failure.error());
        }
        self.transport.sleep(pause).await;
        progress.retries += 1;
        progress.hops = 0;
        progress.target = Target::Owner;
        Ok(())
    }
}

impl Progress {
    fn new(budget: Budget) -> Self {
        Self { budget, target: Target::Owner, hops: 0, retries: 0, is_reopening: false }
    }

    fn hop(&mut self) -> Result<(), Error> {
        self.hops += 1;
        if self.hops > MAX_HOPS { Err(Error::TooManyRedirects) } else { Ok(()) }
    }
}
