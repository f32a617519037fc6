//! The audit: what the API says, what Redis holds and what Postgres has sold must be one story.
//!
//! Three readers fetch it ([`api`](crate::api), [`redis_state`], [`postgres_state`]); [`compare`]
//! is pure and finds every difference.

mod compare;
mod postgres_state;
mod redis_state;

use domain::id::EventId;

use crate::api::Availability;
use crate::client::Client;

pub(crate) use compare::{Finding, compare};
pub(crate) use postgres_state::{Ledger, LedgerReader};
pub(crate) use redis_state::RedisState;

/// What all three stores say of one event at about the same time.
pub(crate) struct Snapshot {
    /// The API's availability.
    pub(crate) availability: Availability,
    /// The event's keys in Redis.
    pub(crate) redis: RedisState,
    /// The event's rows in Postgres.
    pub(crate) ledger: Ledger,
}

/// Where the stores are read directly, past the API.
pub(crate) struct Stores {
    redis_nodes: Vec<String>,
    ledger: LedgerReader,
}

impl Stores {
    /// Connects to Postgres; Redis is connected to at each reading, masters change.
    pub(crate) async fn connect(
        redis_nodes: &[String],
        database_url: &str,
    ) -> anyhow::Result<Self> {
        let ledger = LedgerReader::connect(database_url).await?;
        Ok(Self { redis_nodes: redis_nodes.to_vec(), ledger })
    }

    /// Holds and payments of the event that Postgres still has to hear of or to resolve.
    pub(crate) async fn unresolved(&self, event_id: EventId) -> anyhow::Result<i64> {
        self.ledger.unresolved(event_id).await
    }

    /// Reads everything. Only comparable once nothing of the event changes any more.
    pub(crate) async fn snapshot(
        &self,
        client: &Client,
        event_id: EventId,
    ) -> anyhow::Result<Snapshot> {
        Ok(Snapshot {
            availability: client.availability(event_id).await?.parse()?,
            redis: redis_state::read(&self.redis_nodes, event_id).await?,
            ledger: self.ledger.read(event_id).await?,
        })
    }
}
