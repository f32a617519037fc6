//! Reads what happened to holds, for the ledger.

use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::id::{BookingId, EventId};

use crate::call::Fields;
use crate::{Error, Hold, keys};

/// What happened to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JournalKind {
    /// Its places were taken.
    Reserved,
    /// Its owner or the organiser gave them back.
    Released,
    /// Its time was over, or the ledger refused the sale.
    Expired,
}

/// One entry of an event's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// `<ms>-<sequence>`, growing; what [`trim_journal`](crate::trim_journal) takes.
    pub id: String,
    /// What happened.
    pub kind: JournalKind,
    /// The booking.
    pub booking: BookingId,
    /// Its hold at that moment.
    pub hold: Hold,
}

/// Reads the oldest `limit` entries. They stay until [`trim_journal`](crate::trim_journal), so a
/// reader that stops in between loses nothing, and two readers may see the same entries.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_journal<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    limit: u32,
    deadline: Duration,
) -> Result<Vec<JournalEntry>, Error> {
    let key = keys::journal(event);
    let arguments =
        vec![key.clone().into(), "-".into(), "+".into(), "COUNT".into(), i64::from(limit).into()];
    let replies = cluster.execute(&key, "XRANGE", arguments, deadline).await?;
    let entries: Option<Vec<_>> = replies.chunks(3).map(parse_entry).collect();
    entries.ok_or_else(|| Fields::new("XRANGE", replies).unexpected())
}

/// An entry is `id`, the field name `e`, and `<kind> <booking> <hold>`.
pub(crate) fn parse_entry(replies: &[Reply]) -> Option<JournalEntry> {
    let [id, field, value] = replies else { return None };
    if field.text()? != "e" {
        return None;
    }
    let mut words = value.text()?.splitn(3, ' ');
    let kind = match words.next()? {
        "reserved" => JournalKind::Reserved,
        "released" => JournalKind::Released,
        "expired" => JournalKind::Expired,
        _ => return None,
    };
    Some(JournalEntry {
        id: id.text()?.to_owned(),
        kind,
        booking: words.next()?.parse().ok()?,
        hold: words.next()?.parse().ok()?,
    })
}
