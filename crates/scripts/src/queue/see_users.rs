//! Notes that users are there who wait.

use std::time::Duration;

use cluster::{Argument, Cluster, DedicatedConnection, Transport};
use domain::id::{EventId, UserId};

use crate::call::{Fields, call};
use crate::registry::KeyedScript;
use crate::{Error, keys, registry};

/// Users of one call; the script itself takes no more.
pub const SEEN_AT_ONCE_MAX: usize = 500;

/// Notes that these users are there, [`SEEN_AT_ONCE_MAX`] at most. Who was taken for gone is back
/// at the same place. Returns those who have no place in the line.
///
/// # Errors
///
/// See [`Error`].
pub async fn see_users<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    users: &[UserId],
    deadline: Duration,
) -> Result<Vec<UserId>, Error> {
    let arguments = users.iter().map(|user| user.to_string().into()).collect();
    let reply = call(cluster, registry::see_users(event), arguments, deadline).await?;
    gone(&reply)
}

/// As [`see_users`], over a connection of the caller's own.
///
/// # Errors
///
/// See [`Error`].
pub async fn see_users_dedicated<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    event: EventId,
    users: &[UserId],
    limit: Duration,
) -> Result<Vec<UserId>, Error> {
    let KeyedScript { script, keys } = registry::see_users(event);
    // In full: it is short, rare, and no node has to know it.
    let mut arguments: Vec<Argument> = vec![script.source.into(), keys.len().to_string().into()];
    arguments.extend(keys.iter().map(|key| key.as_str().into()));
    arguments.extend(users.iter().map(|user| user.to_string().into()));
    let key = keys::queue(event);
    let replies = cluster.execute_dedicated(connection, &key, "EVAL", arguments, limit).await?;
    gone(&Fields::new(script.name, replies))
}

fn gone(reply: &Fields) -> Result<Vec<UserId>, Error> {
    match reply.outcome()? {
        "seen" => reply.list(1, ' '),
        // Nobody can tell, and whoever reads the place next learns more.
        "event_missing" => Ok(Vec::new()),
        _ => Err(reply.unexpected()),
    }
}
