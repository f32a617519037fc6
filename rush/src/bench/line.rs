//! A line in Redis that no application knows of: made and called by the scripts themselves.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use cluster::Cluster;
use domain::id::{EventId, UserId};
use domain::section::{Section, SectionKind};
use domain::time::Instant;
use futures_util::{StreamExt, stream};
use native::{NativeTransport, connect};
use redis::aio::MultiplexedConnection;
use scripts::{
    AdmitMode, AdmitOutcome, AdmitUsers, EventSettings, JoinOutcome, JoinQueue, NumberBlock,
    OpenEvent, Opening, QueuePlace, SaleRules, ShownProof, ShownReceipt, keys,
};
use uuid::Uuid;

use crate::command::now;

/// Generous: what is measured is counted by Redis itself.
const DEADLINE: Duration = Duration::from_secs(60);
/// Joins at once while a line is filled.
const FILLING_AT_ONCE: usize = 64;
/// Numbers for every line that fits into memory.
const NUMBERS: (i64, i64) = (1, 1_000_000_000);
const DAY_MS: i64 = 24 * 3_600_000;
/// Sections of this many places, enough that seats never limit admission.
const CAPACITY: u32 = 100_000;
const SECTIONS: u32 = 20;

pub(crate) struct Line {
    event: EventId,
    /// The node that has it.
    pub(crate) owner: String,
    cluster: Cluster<NativeTransport>,
    connection: MultiplexedConnection,
    /// Some of those who wait.
    pub(crate) users: Vec<UserId>,
}

impl Line {
    /// A new line in which `waiting` wait.
    pub(crate) async fn open(nodes: &[String], waiting: usize) -> Result<Self> {
        let event = EventId::from_uuid(Uuid::now_v7());
        let cluster = connect(nodes);
        let settings = settings()?;
        let opening = Opening::New;
        let request = OpenEvent { event, settings: &settings, opening, draw_count: Some(0) };
        scripts::open_event(&cluster, &request, DEADLINE).await?;
        let (owner, connection) = owner(nodes, event).await?;
        let mut line = Self { event, owner, cluster, connection, users: Vec::new() };
        line.take_numbers().await?;
        line.fill(waiting).await?;
        Ok(line)
    }

    /// The first one joins, with numbers for all.
    async fn take_numbers(&self) -> Result<()> {
        let first = scripts::join_queue(&self.cluster, &request(self.event), DEADLINE).await?;
        let JoinOutcome::NumbersUsedUp { state } = first else { bail!("a new line has numbers") };
        let (first, last) = NUMBERS;
        let block = Some(NumberBlock { first, last, state: &state });
        let request = JoinQueue { block, ..request(self.event) };
        scripts::join_queue(&self.cluster, &request, DEADLINE).await?;
        Ok(())
    }

    pub(crate) async fn join(&self) -> Result<QueuePlace> {
        let request = request(self.event);
        let joined = scripts::join_queue(&self.cluster, &request, DEADLINE).await?;
        joined.place().context("the numbers of the line are used up")
    }

    /// The words of the command with which `user` joins.
    pub(crate) fn join_words(&self, user: &str) -> Vec<String> {
        scripts::join_queue_words(&request(self.event), user)
    }

    /// Lets newcomers join until so many wait, and remembers some of them.
    pub(crate) async fn fill(&mut self, waiting: usize) -> Result<()> {
        let missing = waiting.saturating_sub(self.waiting().await?);
        let joins = stream::iter(0..missing).map(|_| async {
            let request = request(self.event);
            scripts::join_queue(&self.cluster, &request, DEADLINE).await.map(|_| request.user)
        });
        let joined: Vec<_> = joins.buffer_unordered(FILLING_AT_ONCE).collect().await;
        let step = (missing / 1_000).max(1);
        for (index, user) in joined.into_iter().enumerate() {
            let user = user?;
            if index % step == 0 {
                self.users.push(user);
            }
        }
        Ok(())
    }

    /// Where `user` stands.
    pub(crate) async fn position(&self, user: UserId) -> Result<QueuePlace> {
        Ok(scripts::watch_place(&self.cluster, self.event, user, DEADLINE).await?.place)
    }

    /// Lets the next ones in.
    pub(crate) async fn admit(&self, limit: u32) -> Result<i64> {
        let (event, mode) = (self.event, AdmitMode::Manual);
        let request = AdmitUsers { event, mode, limit, idempotency: None };
        match scripts::admit_users(&self.cluster, &request, DEADLINE).await? {
            AdmitOutcome::Admitted { admitted, .. } => Ok(admitted),
            other => bail!("nobody was let in: {other:?}"),
        }
    }

    pub(crate) async fn waiting(&self) -> Result<usize> {
        let mut connection = self.connection.clone();
        let queue = keys::queue(self.event);
        Ok(redis::cmd("ZCARD").arg(queue).query_async(&mut connection).await?)
    }

    /// A figure of `INFO <section>` of the node.
    pub(crate) async fn info(&self, section: &str, name: &str) -> Result<String> {
        let mut connection = self.connection.clone();
        let text: String = redis::cmd("INFO").arg(section).query_async(&mut connection).await?;
        let value = text.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(':'));
        Ok(value.with_context(|| format!("Redis does not tell {name}"))?.trim().to_owned())
    }

    /// Forgets what the node has counted of commands.
    pub(crate) async fn reset_counts(&self) -> Result<()> {
        let mut connection = self.connection.clone();
        Ok(redis::cmd("CONFIG").arg("RESETSTAT").query_async(&mut connection).await?)
    }

    pub(crate) async fn remove(self) -> Result<()> {
        let mut connection = self.connection;
        let pattern = format!("box:{{{}}}:*", self.event);
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await?;
        if !keys.is_empty() {
            let _: i64 = redis::cmd("UNLINK").arg(keys).query_async(&mut connection).await?;
        }
        Ok(())
    }
}

fn request(event: EventId) -> JoinQueue<'static> {
    JoinQueue {
        event,
        user: UserId::from_uuid(Uuid::now_v7()),
        block: None,
        receipt: ShownReceipt::None,
        proof: ShownProof::NotAsked,
        address: None,
        is_registered: false,
    }
}

fn settings() -> Result<EventSettings> {
    let section = |number: u32| -> Result<Section> {
        let kind = SectionKind::Standing { capacity: CAPACITY };
        Ok(Section { name: format!("S{number}").parse()?, kind, price: 1 })
    };
    Ok(EventSettings {
        generation: 1,
        version: 1,
        sections_version: 1,
        cancelled: false,
        paused: false,
        on_sale_at: Instant::from_unix_ms(0),
        ends_at: now().plus_ms(DAY_MS),
        currency: "EUR".to_owned(),
        amount_max: 99_999_999,
        rules: SaleRules {
            max_per_buyer: 4,
            hold_ttl_ms: 600_000,
            registered_only: false,
            queue_enabled: true,
            max_active: 1_000_000,
            release_per_s: 1_000,
            pass_ttl_ms: 300_000,
            abandon_after_ms: 300_000,
            joining: true,
            message: String::new(),
        },
        sections: (0..SECTIONS).map(section).collect::<Result<_>>()?,
    })
}

/// The node that has the event, and a connection to it. The others say that it moved.
async fn owner(nodes: &[String], event: EventId) -> Result<(String, MultiplexedConnection)> {
    for node in nodes {
        let client = redis::Client::open(format!("redis://{node}"))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let asked: redis::RedisResult<Option<String>> = redis::cmd("HGET")
            .arg(keys::settings(event))
            .arg("generation")
            .query_async(&mut connection)
            .await;
        if matches!(asked, Ok(Some(_))) {
            return Ok((node.clone(), connection));
        }
    }
    bail!("no node of {} has the event", nodes.join(", "))
}
