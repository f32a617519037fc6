//! Redis through Spin: the transport under the cluster routing, and the instance's one cluster.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cluster::{Argument, Cluster, NodeAddress, Reply, Transport};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

use crate::problem::Problem;
use crate::variables;

/// Everything but the unreserved characters (RFC 3986, section 2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

thread_local! {
    /// A cache, nothing more: one multiplexed connection per node and the learned slots, shared by
    /// the requests that this instance serves.
    static CLUSTER: RefCell<Option<Rc<Cluster<SpinTransport>>>> = const { RefCell::new(None) };
}

/// The cluster of this instance.
///
/// # Errors
///
/// 503 when the variables do not name one.
pub async fn cluster() -> Result<Rc<Cluster<SpinTransport>>, Problem> {
    if let Some(cluster) = CLUSTER.with_borrow(Clone::clone) {
        return Ok(cluster);
    }
    let (seeds, address_map) = variables::redis_nodes().await?;
    let credentials = Credentials::read().await?;
    let cluster = Rc::new(Cluster::new(SpinTransport { credentials }, seeds, address_map));
    CLUSTER.set(Some(Rc::clone(&cluster)));
    Ok(cluster)
}

/// Single connections through Spin's Redis interface.
pub struct SpinTransport {
    credentials: Credentials,
}

impl Transport for SpinTransport {
    type Connection = Rc<Connection>;

    async fn open(&self, address: &NodeAddress) -> Result<Rc<Connection>, String> {
        let url = format!("redis://{}{address}", self.credentials.url_part);
        Connection::open(url).await.map(Rc::new).map_err(|error| error_text(&error))
    }

    async fn execute(
        &self,
        connection: &Rc<Connection>,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        let parameters = arguments.iter().map(|argument| match argument {
            Argument::Integer(number) => RedisParameter::Int64(*number),
            Argument::Bytes(bytes) => RedisParameter::Binary(bytes.clone()),
        });
        let replies =
            connection.execute(command, parameters).await.map_err(|error| error_text(&error))?;
        Ok(replies.into_iter().map(reply).collect())
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(wasi::clocks::monotonic_clock::now())
    }

    fn random(&self) -> u64 {
        uuid::Uuid::now_v7().as_u64_pair().1
    }
}

fn reply(result: RedisResult) -> Reply {
    match result {
        RedisResult::Nil => Reply::Nil,
        RedisResult::Status(status) => Reply::Status(status),
        RedisResult::Int64(number) => Reply::Integer(number),
        RedisResult::Binary(bytes) => Reply::Bytes(bytes),
    }
}

/// The text the routing reads; the three errors without a text get one.
fn error_text(error: &Error) -> String {
    match error {
        Error::InvalidAddress => "invalid address, or not an allowed host".to_owned(),
        Error::TooManyConnections => "too many connections".to_owned(),
        Error::TypeError => "WRONGTYPE: the key holds another kind of value".to_owned(),
        Error::Other(text) => text.clone(),
    }
}

/// User and password as they stand in a URL: `user:password@`, or nothing.
struct Credentials {
    url_part: String,
}

impl Credentials {
    async fn read() -> Result<Self, Problem> {
        let username = variables::text("redis_username").await?;
        let password = variables::text("redis_password").await?;
        let url_part = if username.is_empty() && password.is_empty() {
            String::new()
        } else {
            format!("{}:{}@", percent_encode(&username), percent_encode(&password))
        };
        Ok(Self { url_part })
    }
}

fn percent_encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, &RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_cannot_break_out_of_its_url() {
        assert_eq!(percent_encode("p@ss:w/rd%é").to_string(), "p%40ss%3Aw%2Frd%25%C3%A9");
        assert_eq!(percent_encode("a-b.c_d~9").to_string(), "a-b.c_d~9");
    }
}
