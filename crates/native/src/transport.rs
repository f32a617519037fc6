//! Redis through the client that Spin uses.

use std::time::{Duration, Instant};

use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use redis::aio::MultiplexedConnection;
use redis::{Client, Value};

/// Single connections, multiplexed as in Spin.
pub struct NativeTransport {
    began: Instant,
}

/// A client of its own for each caller, as each instance of a component has one.
///
/// # Panics
///
/// When a node is not `host:port`: a mistake of the test.
pub fn connect(nodes: &[String]) -> Cluster<NativeTransport> {
    let seeds = nodes.iter().map(|node| node.parse().unwrap()).collect();
    Cluster::new(NativeTransport::default(), seeds, AddressMap::default())
}

impl Default for NativeTransport {
    /// A transport whose clock begins now.
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Transport for NativeTransport {
    type Connection = MultiplexedConnection;

    async fn open(&self, address: &NodeAddress) -> Result<MultiplexedConnection, String> {
        let client = Client::open(format!("redis://{address}")).map_err(|e| e.to_string())?;
        client.get_multiplexed_async_connection().await.map_err(|error| error.to_string())
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
        let value = line.query_async::<Value>(&mut connection.clone()).await;
        let mut flat = Vec::new();
        flatten(value.map_err(|error| error.to_string())?, &mut flat);
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

fn flatten(value: Value, flat: &mut Vec<Reply>) {
    match value {
        Value::Nil => flat.push(Reply::Nil),
        Value::Int(number) => flat.push(Reply::Integer(number)),
        Value::BulkString(bytes) => flat.push(Reply::Bytes(bytes)),
        Value::SimpleString(text) => flat.push(Reply::Status(text)),
        Value::Okay => flat.push(Reply::Status("OK".to_owned())),
        Value::Array(values) => values.into_iter().for_each(|value| flatten(value, flat)),
        other => panic!("Spin does not convert {other:?}"),
    }
}
