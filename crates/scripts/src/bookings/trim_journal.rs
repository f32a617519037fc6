//! Forgets journal entries that the ledger has.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::journal::JournalKind;

use crate::call::call;
use crate::{Error, Journal, registry};

/// Removes the entries of `drained`, the oldest ones, and what is kept of the ends they tell of;
/// returns how many entries. Later ones stay.
///
/// # Errors
///
/// See [`Error`]; [`Error::Protocol`] when the last id is not one of an entry.
pub async fn trim_journal<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    drained: &Journal,
    deadline: Duration,
) -> Result<i64, Error> {
    let Some(last) = &drained.last_id else { return Ok(0) };
    let first_to_stay = successor(last)
        .ok_or_else(|| Error::Protocol { script: "trim_journal", reply: last.clone() })?;
    let script = registry::trim_journal(event);
    let mut arguments: Vec<Argument> = vec![first_to_stay.into()];
    let ended = drained.entries.iter().filter(|entry| match entry.kind {
        JournalKind::Released | JournalKind::Expired => true,
        // mutant: a-live-hold-loses-its-contact
        JournalKind::Reserved | JournalKind::Extended => false,
    });
    arguments.extend(ended.map(|entry| Argument::from(entry.booking.booking_id.to_string())));
    call(cluster, script, arguments, deadline).await?.integer(0)
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
