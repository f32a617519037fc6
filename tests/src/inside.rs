//! A look behind the counter: what is in Redis and in Postgres.

use stack::{Reply, System};

/// Masters and replicas.
const NODES: usize = 6;

/// The stores of a system.
pub struct Inside {
    system: &'static System,
}

impl Inside {
    pub(crate) fn new(system: &'static System) -> Self {
        Self { system }
    }

    /// Every key in Redis that names the event, on any node, in order.
    pub fn keys_of(&self, event: &str) -> Vec<String> {
        let pattern = format!("*{event}*");
        let mut keys: Vec<_> = (0..NODES)
            .filter_map(|node| self.system.redis.command(node, &["KEYS", &pattern]).ok())
            .flat_map(texts)
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The slot of a key, as Redis computes it.
    pub fn slot_of(&self, key: &str) -> u16 {
        let reply = self.system.redis.command(0, &["CLUSTER", "KEYSLOT", key]);
        match reply.expect("Redis answers") {
            Reply::Integer(slot) => u16::try_from(slot).expect("a slot"),
            other => panic!("not a slot: {other:?}"),
        }
    }

    /// The index of the master that has the event.
    pub fn master_of(&self, event: &str) -> usize {
        let slot = self.slot_of(&format!("box:{{{event}}}:settings"));
        self.system.redis.master_of(slot).expect("an owner")
    }

    /// How many were let in so far, by the record of Redis.
    pub fn let_in(&self, event: &str) -> usize {
        let key = format!("box:{{{event}}}:admissions");
        let reply = self.system.redis.command(self.master_of(event), &["HLEN", &key]);
        match reply.expect("Redis answers") {
            Reply::Integer(count) => usize::try_from(count).expect("a count"),
            other => panic!("not a count: {other:?}"),
        }
    }

    /// Removes everything Redis knows of the event, as a loss of data would.
    pub fn forget(&self, event: &str) {
        let master = self.master_of(event);
        for key in self.keys_of(event) {
            self.system.redis.command(master, &["DEL", &key]).expect("Redis answers");
        }
    }

    /// How many rows the query counts in Postgres; `$1` is `parameter`.
    pub async fn count(&self, query: &str, parameter: &str) -> i64 {
        let url = self.system.postgres.url();
        let (client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("Postgres answers");
        let connection = tokio::spawn(connection);
        let row = client.query_one(query, &[&parameter]).await.expect("one row");
        drop(client);
        connection.await.expect("does not panic").expect("ends well");
        row.get(0)
    }

    /// Tickets of the event that are sold in Postgres.
    pub async fn sold_tickets(&self, event: &str) -> i64 {
        let query = "SELECT count(*) FROM boxoffice.tickets WHERE event_id = $1::text::uuid";
        self.count(query, event).await
    }

    /// Writes so many released bookings like this one to Postgres: more than tests could reserve.
    pub async fn copy_booking(&self, booking: &str, count: u32) {
        // The last symbols of an id are free, but for the very last.
        let query = format!(
            "WITH copied AS (
                INSERT INTO boxoffice.bookings (id, event_id, user_id, state, section, seats,
                    quantity, amount, currency, created_at, expires_at)
                SELECT substr(b.id, 1, 48) || lpad(n::text, 6, '0') || substr(b.id, 55),
                    b.event_id, b.user_id, 'released', b.section, b.seats, b.quantity, b.amount,
                    b.currency, b.created_at, b.expires_at
                FROM boxoffice.bookings AS b, generate_series(1, {count}) AS n WHERE b.id = $1
                RETURNING 1
            ) SELECT count(*) FROM copied"
        );
        assert_eq!(self.count(&query, booking).await, i64::from(count));
    }

    /// Events of the payment provider with this id in Postgres.
    pub async fn provider_events(&self, id: &str) -> i64 {
        self.count("SELECT count(*) FROM boxoffice.provider_events WHERE id = $1", id).await
    }

    /// Whether nothing is left to do about a payment.
    pub async fn is_done(&self, payment: &str) -> bool {
        let query = "SELECT count(*) FROM boxoffice.sagas
            WHERE id = 'payment:' || $1 AND status = 'done'";
        self.count(query, payment).await == 1
    }

    /// The provider is asked for missed events by the next run of the worker, not within a minute.
    pub async fn hurry_missed_events(&self) {
        let query = "WITH hurried AS (
                UPDATE boxoffice.event_lists SET due_at = $1::text::timestamptz RETURNING 1
            ) SELECT count(*) FROM hurried";
        self.count(query, "-infinity").await;
    }
}

fn texts(reply: Reply) -> Vec<String> {
    match reply {
        Reply::List(items) => items.iter().map(|item| item.text().to_owned()).collect(),
        other => panic!("not a list: {other:?}"),
    }
}
