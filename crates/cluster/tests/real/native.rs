//! A transport over the same client that Spin uses, with the same habits: no timeouts, errors as
//! text, replies without nesting.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Value};

/// How often each error text came, without its details.
type Errors = Rc<RefCell<BTreeMap<String, u64>>>;

#[derive(Clone)]
pub(crate) struct Native {
    began: Instant,
    errors: Errors,
    /// Every n-th reply is lost on its way back; 0 loses none.
    loses_every: u64,
    replies: Rc<Cell<u64>>,
}

impl Native {
    pub(crate) fn new() -> Self {
        Self::losing_every(0)
    }

    /// Breaks the connection after the server has applied a command and before its reply arrives.
    pub(crate) fn losing_every(loses_every: u64) -> Self {
        let (errors, replies) = (Errors::default(), Rc::default());
        Self { began: Instant::now(), errors, loses_every, replies }
    }

    pub(crate) fn cluster(&self, seeds: &[String]) -> Rc<Cluster<Self>> {
        let seeds = seeds.iter().map(|seed| seed.parse().unwrap()).collect();
        Rc::new(Cluster::new(self.clone(), seeds, AddressMap::default()))
    }

    /// How many errors had `part` in their text.
    pub(crate) fn errors_with(&self, part: &str) -> u64 {
        let errors = self.errors.borrow();
        errors.iter().filter(|(text, _)| text.contains(part)).map(|(_, count)| count).sum()
    }

    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.borrow().clone()
    }

    fn note(&self, error: &redis::RedisError) -> String {
        let text = error.to_string();
        // The first two parts name the kind: `An error was … - Moved: 7638 127.0.0.1:7002`.
        let kind = text.split(':').next().unwrap_or_default().to_owned();
        *self.errors.borrow_mut().entry(kind).or_default() += 1;
        text
    }
}

impl Transport for Native {
    type Connection = MultiplexedConnection;

    async fn open(&self, address: &NodeAddress) -> Result<MultiplexedConnection, String> {
        let client = Client::open(format!("redis://{address}")).map_err(|e| self.note(&e))?;
        let config = AsyncConnectionConfig::new();
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        connection.map_err(|error| self.note(&error))
    }

    async fn execute(
        &self,
        connection: &MultiplexedConnection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        let mut line = redis::cmd(command);
        for argument in arguments {
            match argument {
                Argument::Integer(number) => line.arg(*number),
                Argument::Bytes(bytes) => line.arg(bytes.as_slice()),
            };
        }
        let reply = line.query_async::<Value>(&mut connection.clone()).await;
        self.replies.set(self.replies.get() + 1);
        if self.loses_every != 0 && self.replies.get().is_multiple_of(self.loses_every) {
            return Err("broken pipe".to_owned());
        }
        let mut flat = Vec::new();
        flatten(reply.map_err(|error| self.note(&error))?, &mut flat)?;
        Ok(flat)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn random(&self) -> u64 {
        u64::from(self.began.elapsed().subsec_nanos())
    }
}

fn flatten(value: Value, flat: &mut Vec<Reply>) -> Result<(), String> {
    match value {
        Value::Nil => flat.push(Reply::Nil),
        Value::Int(number) => flat.push(Reply::Integer(number)),
        Value::BulkString(bytes) => flat.push(Reply::Bytes(bytes)),
        Value::SimpleString(text) => flat.push(Reply::Status(text)),
        Value::Okay => flat.push(Reply::Status("OK".to_owned())),
        Value::Array(values) | Value::Set(values) => {
            for value in values {
                flatten(value, flat)?;
            }
        }
        other => return Err(format!("Could not convert Redis response - TypeError: {other:?}")),
    }
    Ok(())
}
