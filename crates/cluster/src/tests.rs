//! The routing against a scripted transport: one test per situation of the protocol.
//!
//! The transport panics when a command goes to another node than the script says, and its clock is
//! virtual: a pause of seconds takes no time.

mod dedicated;
mod failures;
mod redirects;
mod scripted;
mod sharing;
mod waiting;

use std::time::Duration;

use crate::{Argument, Error, Reply, Script};

use scripted::{Answer, Scripted};

/// Nodes of the scripted cluster: three masters and a replica of the first.
const A: &str = "10.0.0.1:6379";
const B: &str = "10.0.0.2:6379";
const C: &str = "10.0.0.3:6379";
const A_REPLICA: &str = "10.0.0.4:6379";

/// A key in slot 12182, which B owns at first.
const KEY: &str = "foo";

/// A key in slot 15495, which C owns.
const KEY_OF_C: &str = "a";

const DEADLINE: Duration = Duration::from_secs(5);

const SCRIPT: Script = Script {
    name: "read_event",
    source: "#!lua\nreturn {'ok'}",
    sha1: "0123456789012345678901234567890123456789",
};

/// Slots 0-5460 are A's, 5461-12999 B's, the others C's; A has a replica.
const NODES: &str = "\
a 10.0.0.1:6379@16379 master - 0 0 1 connected 0-5460
b 10.0.0.2:6379@16379 master - 0 0 2 connected 5461-12999
c 10.0.0.3:6379@16379 master - 0 0 3 connected 13000-16383
d 10.0.0.4:6379@16379 slave a 0 0 1 connected
";

fn ok() -> Result<Vec<Reply>, Error> {
    Ok(vec![Reply::Status("OK".to_owned())])
}

fn set() -> Vec<Argument> {
    vec![KEY.into(), "1".into()]
}

fn signalled(detail: &str) -> Answer {
    Answer::Error(format!("An error was signalled by the server - {detail}"))
}

/// A cluster that says what [`NODES`] says.
fn three_masters() -> Scripted {
    Scripted::new(NODES)
}
