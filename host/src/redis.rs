//! `spin:redis/redis@3.0.0` as Spin does it: one multiplexed connection per `open`, no pool, no
//! reconnect, **no timeout**, replies flattened, errors as the text of the same client library.
//!
//! `rediss://` is not supported: no TLS is built in, and such an address is an invalid one.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, ErrorKind, FromRedisValue, RedisError, Value};
use wasmtime::component::{Accessor, Resource};

use crate::bindings::redis::{
    Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
};
use crate::instance::{HostData, InstanceState};

/// Open connections of one instance, as in Spin.
const MAX_CONNECTIONS: usize = 1024;

/// The largest reply a guest gets, as in Spin.
const MAX_REPLY_BYTES: usize = 128 << 20;

/// What a `connection` resource stands for.
#[expect(unreachable_pub, reason = "the generated code exports it again")]
pub struct RedisConnection(MultiplexedConnection);

/// A call fails for the guest, or (outer) the instance ends.
type CallResult<T> = wasmtime::Result<Result<T, Error>>;

impl Host for InstanceState {}

impl HostConnection for InstanceState {
    async fn drop(&mut self, connection: Resource<RedisConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.redis_connections -= 1;
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for HostData {
    async fn open(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> CallResult<Resource<RedisConnection>> {
        let component = accessor.with(|mut access| access.get().component.clone());
        if !component.allowed_hosts.allow(&address, "redis") {
            return Ok(Err(Error::InvalidAddress));
        }
        let Ok(client) = redis::Client::open(address) else {
            return Ok(Err(Error::InvalidAddress));
        };
        let connection = match client.get_multiplexed_async_connection().await {
            Ok(connection) => connection,
            Err(error) => return Ok(Err(other(error))),
        };
        accessor.with(|mut access| {
            let state = access.get();
            if state.redis_connections >= MAX_CONNECTIONS {
                return Ok(Err(Error::TooManyConnections));
            }
            let resource = state.table.push(RedisConnection(connection))?;
            state.redis_connections += 1;
            Ok(Ok(resource))
        })
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        channel: String,
        payload: Vec<u8>,
    ) -> CallResult<()> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.publish(channel, payload).await.map_err(other))
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> CallResult<Option<Vec<u8>>> {
        let mut connection = get(accessor, &connection)?;
        let value: Result<Option<Vec<u8>>, _> = connection.get(key).await;
        Ok(value.map_err(other).and_then(|value| {
            let bytes = size_of_val(&value) + value.as_ref().map_or(0, Vec::len);
            bounded(value, bytes)
        }))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        value: Vec<u8>,
    ) -> CallResult<()> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.set(key, value).await.map_err(other))
    }

    async fn incr(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> CallResult<i64> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.incr(key, 1).await.map_err(other))
    }

    async fn del(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        keys: Vec<String>,
    ) -> CallResult<u32> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.del(keys).await.map_err(other))
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> CallResult<u32> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.sadd(key, values).await.map_err(|error: RedisError| match error.kind() {
            ErrorKind::TypeError => Error::TypeError,
            _ => other(error),
        }))
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> CallResult<Vec<String>> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.smembers(key).await.map_err(other))
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> CallResult<u32> {
        let mut connection = get(accessor, &connection)?;
        Ok(connection.srem(key, values).await.map_err(other))
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> CallResult<Vec<RedisResult>> {
        let mut connection = get(accessor, &connection)?;
        let mut command = redis::cmd(&command);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let reply: Result<FlatReply, _> = command.query_async(&mut connection).await;
        Ok(reply.map_err(other).and_then(|FlatReply(values)| {
            let bytes = size_of_val(&values) + values.iter().map(size_of_value).sum::<usize>();
            bounded(values, bytes)
        }))
    }
}

/// Commands of several requests share the connection: they are sent in order, without waiting for
/// each other's replies.
fn get<T>(
    accessor: &Accessor<T, HostData>,
    connection: &Resource<RedisConnection>,
) -> wasmtime::Result<MultiplexedConnection> {
    accessor.with(|mut access| Ok(access.get().table.get(connection)?.0.clone()))
}

fn other(error: RedisError) -> Error {
    Error::Other(error.to_string())
}

fn bounded<T>(value: T, bytes: usize) -> Result<T, Error> {
    if bytes > MAX_REPLY_BYTES {
        let text = format!("query result exceeds limit of {MAX_REPLY_BYTES} bytes");
        return Err(Error::Other(text));
    }
    Ok(value)
}

fn size_of_value(value: &RedisResult) -> usize {
    size_of_val(value)
        + match value {
            RedisResult::Nil | RedisResult::Int64(_) => 0,
            RedisResult::Status(text) => text.len(),
            RedisResult::Binary(bytes) => bytes.len(),
        }
}

/// A reply as Spin hands it over: arrays in arrays become one list, so that nesting is lost.
struct FlatReply(Vec<RedisResult>);

impl FromRedisValue for FlatReply {
    fn from_redis_value(value: &Value) -> redis::RedisResult<Self> {
        let mut flat = Vec::new();
        flatten(value, &mut flat)?;
        Ok(Self(flat))
    }
}

fn flatten(value: &Value, flat: &mut Vec<RedisResult>) -> redis::RedisResult<()> {
    flat.push(match value {
        Value::Array(values) | Value::Set(values) => {
            return values.iter().try_for_each(|value| flatten(value, flat));
        }
        Value::Nil => RedisResult::Nil,
        Value::Int(number) => RedisResult::Int64(*number),
        Value::Boolean(boolean) => RedisResult::Int64(i64::from(*boolean)),
        Value::BulkString(bytes) => RedisResult::Binary(bytes.clone()),
        Value::SimpleString(text) => RedisResult::Status(text.clone()),
        Value::Okay => RedisResult::Status("OK".to_owned()),
        Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::BigNumber(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::Map(_) => return Err(unsupported("Redis Map type is not supported")),
        Value::Attribute { .. } => {
            return Err(unsupported("Redis Attribute type is not supported"));
        }
        Value::VerbatimString { .. } => {
            return Err(unsupported("Redis string with format attribute is not supported"));
        }
        Value::Push { .. } => return Err(unsupported("Redis Pub/Sub types are not supported")),
        Value::ServerError(error) => {
            let kind = ErrorKind::ResponseError;
            return Err(RedisError::from((kind, "Server error", format!("{error:?}"))));
        }
    });
    Ok(())
}

fn unsupported(text: &str) -> RedisError {
    let summary = "Could not convert Redis response";
    RedisError::from((ErrorKind::TypeError, summary, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_in_arrays_become_one_list() {
        let nested = Value::Array(vec![
            Value::Int(1),
            Value::Array(vec![Value::Nil, Value::Array(vec![Value::Okay])]),
            Value::BulkString(b"x".to_vec()),
        ]);
        let FlatReply(flat) = FlatReply::from_redis_value(&nested).unwrap();
        let shown: Vec<_> = flat.iter().map(|value| format!("{value:?}")).collect();
        assert_eq!(shown.len(), 4);
        assert!(shown[0].contains("Int64(1)") && shown[1].contains("Nil"), "{shown:?}");
        assert!(shown[2].contains("OK") && shown[3].contains("Binary"), "{shown:?}");
    }

    #[test]
    fn a_map_is_an_error() {
        let error = FlatReply::from_redis_value(&Value::Map(vec![])).err().unwrap().to_string();
        assert_eq!(
            error,
            "Could not convert Redis response - TypeError: Redis Map type is not supported"
        );
    }

    #[test]
    fn a_reply_over_the_limit_is_an_error() {
        assert!(bounded((), MAX_REPLY_BYTES).is_ok());
        assert!(bounded((), MAX_REPLY_BYTES + 1).is_err());
    }
}
