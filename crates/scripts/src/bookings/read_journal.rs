//! Reads what happened to holds, for the ledger.

use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::id::EventId;
use domain::journal::{JournalEntry, JournalKind};

use crate::bookings::contacts::read_contacts;
use crate::call::Fields;
use crate::{Error, Hold, keys};

/// The oldest entries of an event's journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// The entries, the oldest first.
    pub entries: Vec<JournalEntry>,
    /// Where the last of them stands, for [`trim_journal`](crate::trim_journal); `None` when there
    /// are no entries.
    pub(crate) last_id: Option<String>,
}

/// Reads the oldest `limit` entries, with the contacts of their buyers. They stay until
/// [`trim_journal`](crate::trim_journal), so a reader that stops in between loses nothing, and two
/// readers may see the same entries.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_journal<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    limit: u32,
    deadline: Duration,
) -> Result<Journal, Error> {
    let key = keys::journal(event);
    let arguments =
        vec![key.clone().into(), "-".into(), "+".into(), "COUNT".into(), i64::from(limit).into()];
    let replies = cluster.execute(&key, "XRANGE", arguments, deadline).await?;
    let mut journal = Journal::default();
    for entry in replies.chunks(3) {
        let Some((id, kind, hold)) = parse_entry(entry) else {
            return Err(Fields::new("XRANGE", replies).unexpected());
        };
        journal.entries.push(JournalEntry { kind, booking: hold.booking });
        journal.last_id = Some(id);
    }
    let bookings: Vec<_> = journal.entries.iter().map(|it| it.booking.booking_id).collect();
    let contacts = read_contacts(cluster, event, &bookings, deadline).await?;
    for (entry, contact) in journal.entries.iter_mut().zip(contacts) {
        entry.booking.contact = contact;
    }
    Ok(journal)
}

/// An entry is `id`, the field name `e`, and `<kind> <booking> <hold>`.
pub(crate) fn parse_entry(replies: &[Reply]) -> Option<(String, JournalKind, Hold)> {
    let [id, field, value] = replies else { return None };
    if field.text()? != "e" {
        return None;
    }
    let mut words = value.text()?.splitn(3, ' ');
    let kind = words.next()?.parse().ok()?;
    let booking = words.next()?.parse().ok()?;
    let hold = Hold::parse(booking, words.next()?).ok()?;
    Some((id.text()?.to_owned(), kind, hold))
}
