//! Forgets journal entries that the ledger has.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::Fields;
use crate::{Error, keys};

/// Removes the entry `last_id` and all before it; returns how many. Later ones stay.
///
/// # Errors
///
/// See [`Error`]; [`Error::Protocol`] when `last_id` is not the id of an entry.
pub async fn trim_journal<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    last_id: &str,
    deadline: Duration,
) -> Result<i64, Error> {
    let first_to_stay = successor(last_id)
        .ok_or_else(|| Error::Protocol { script: "XTRIM", reply: last_id.to_owned() })?;
    let key = keys::journal(event);
    let arguments = vec![key.clone().into(), "MINID".into(), "=".into(), first_to_stay.into()];
    let replies = cluster.execute(&key, "XTRIM", arguments, deadline).await?;
    Fields::new("XTRIM", replies).integer(0)
}

/// The least id above `id`: MINID keeps the id it is given.
fn successor(id: &str) -> Option<String> {
    let (milliseconds, sequence) = id.split_once('-')?;
    let (milliseconds, sequence): (u64, u64) = (milliseconds.parse().ok()?, sequence.parse().ok()?);
    match sequence.checked_add(1) {
        Some(sequence) => Some(format!("{milliseconds}-{sequence}")),
        None => Some(format!("{}-0", milliseconds.checked_add(1)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_is_the_next_possible_id() {
        for (id, expected) in [
            ("1795000000000-0", Some("1795000000000-1")),
            ("7-18446744073709551615", Some("8-0")),
            ("18446744073709551615-18446744073709551615", None),
            ("", None),
            ("7", None),
            ("7-x", None),
        ] {
            assert_eq!(successor(id).as_deref(), expected, "{id}");
        }
    }
}
