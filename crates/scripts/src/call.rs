//! Calling a script and reading its reply by index; waiting for the entries of a stream.

use std::str::FromStr;
use std::time::Duration;

use cluster::{Argument, Cluster, DedicatedConnection, Reply, Transport};
use domain::feed::FeedId;
use domain::id::BookingId;
use domain::time::Instant;

use crate::registry::KeyedScript;
use crate::{Error, Hold};

/// Entries of a stream that are read at once at most. A reader is rarely more than a second behind;
/// the script that lets users in tells of up to a thousand of them with one.
pub(crate) const ENTRIES_MAX: i64 = 500;

/// The time a node may take on top of the time that it is asked to wait.
pub(crate) const REPLY_TIME: Duration = Duration::from_millis(1_000);

/// Runs a script.
pub(crate) async fn call<T: Transport>(
    cluster: &Cluster<T>,
    keyed: KeyedScript,
    arguments: Vec<Argument>,
    deadline: Duration,
) -> Result<Fields, Error> {
    let KeyedScript { script, keys } = keyed;
    let replies = cluster.evaluate(script, &keys, arguments, deadline).await?;
    Ok(Fields { script: script.name, replies })
}

/// The flat reply of a script or command.
pub(crate) struct Fields {
    script: &'static str,
    replies: Vec<Reply>,
}

impl Fields {
    pub(crate) const fn new(script: &'static str, replies: Vec<Reply>) -> Self {
        Self { script, replies }
    }

    /// The error for a reply that is not documented.
    pub(crate) fn unexpected(&self) -> Error {
        Error::protocol(self.script, &self.replies)
    }

    /// All elements.
    pub(crate) fn all(&self) -> &[Reply] {
        &self.replies
    }

    /// Takes the last element, a text: no error shows it then.
    pub(crate) fn take_last(&mut self) -> Result<String, Error> {
        match self.replies.pop() {
            Some(last) => last.text().map(str::to_owned).ok_or_else(|| self.unexpected()),
            None => Err(self.unexpected()),
        }
    }

    /// The element `index`, from 0, as text.
    pub(crate) fn text(&self, index: usize) -> Result<&str, Error> {
        self.replies.get(index).and_then(Reply::text).ok_or_else(|| self.unexpected())
    }

    /// The outcome word: the first element.
    pub(crate) fn outcome(&self) -> Result<&str, Error> {
        self.text(0)
    }

    /// The element `index` as an integer.
    pub(crate) fn integer(&self, index: usize) -> Result<i64, Error> {
        self.replies.get(index).and_then(Reply::integer).ok_or_else(|| self.unexpected())
    }

    /// The element `index` as an instant, in ms.
    pub(crate) fn instant(&self, index: usize) -> Result<Instant, Error> {
        self.integer(index).map(Instant::from_unix_ms)
    }

    /// The element `index` as a value that has a text form.
    pub(crate) fn parse<V: FromStr>(&self, index: usize) -> Result<V, Error> {
        self.text(index)?.parse().map_err(|_| self.unexpected())
    }

    /// The element `index` as the record of a booking's hold.
    pub(crate) fn hold(&self, index: usize, booking: BookingId) -> Result<Hold, Error> {
        Hold::parse(booking, self.text(index)?).map_err(|_| self.unexpected())
    }

    /// The element `index` as values between `separator`; none when it is empty.
    pub(crate) fn list<V: FromStr>(&self, index: usize, separator: char) -> Result<Vec<V>, Error> {
        self.text(index)?
            .split(separator)
            .filter(|word| !word.is_empty())
            .map(|word| word.parse().map_err(|_| self.unexpected()))
            .collect()
    }
}

/// Waits up to `patience` for entries after `cursor` of the stream `key`, over a connection of the
/// caller's own, which is blocked meanwhile; see [`parse_entries`].
pub(crate) async fn wait_for_entries<T: Transport>(
    cluster: &Cluster<T>,
    connection: &mut DedicatedConnection<T::Connection>,
    key: &str,
    cursor: FeedId,
    patience: Duration,
) -> Result<Vec<Reply>, Error> {
    let block_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    let arguments = vec![
        "BLOCK".into(),
        block_ms.into(),
        "COUNT".into(),
        ENTRIES_MAX.into(),
        "STREAMS".into(),
        key.into(),
        cursor.to_string().into(),
    ];
    let limit = patience + REPLY_TIME;
    Ok(cluster.execute_dedicated(connection, key, "XREAD", arguments, limit).await?)
}

/// What XREAD answers for one stream: nil, or the key and then for each entry its id, the field
/// name `e` and the text. Nothing when one of them is damaged.
pub(crate) fn parse_entries<E>(
    replies: &[Reply],
    parse: impl Fn(FeedId, &str) -> Option<E>,
) -> Option<Vec<E>> {
    if matches!(replies, [] | [Reply::Nil]) {
        return Some(Vec::new());
    }
    let (_key, entries) = replies.split_first()?;
    let entry = |entry: &[Reply]| match entry {
        [id, field, text] if field.text()? == "e" => parse(id.text()?.parse().ok()?, text.text()?),
        _ => None,
    };
    entries.chunks(3).map(entry).collect()
}

/// Names as scripts take and give them: in order, separated by spaces.
pub(crate) fn join_names(names: &[domain::section::SectionName]) -> String {
    let names: Vec<&str> = names.iter().map(domain::section::SectionName::as_str).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_reply_is_read_entry_by_entry() {
        let bytes = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
        let entry = |id: FeedId, text: &str| Some(format!("{id} {text}"));
        let replies = ["box:{e}:feed", "7-0", "e", "1 left 5", "7-1", "e", "2 left 9"].map(bytes);
        let entries = parse_entries(&replies, entry).unwrap();
        assert_eq!(entries, ["7-0 1 left 5", "7-1 2 left 9"]);
        assert_eq!(parse_entries(&[Reply::Nil], entry), Some(vec![]));
        assert_eq!(parse_entries(&replies[..6], entry), None);
        assert_eq!(parse_entries::<String>(&replies, |_, _| None), None);
    }

    #[test]
    fn a_reply_that_is_not_documented_is_an_error() {
        let replies = vec![Reply::Bytes(b"held".to_vec()), Reply::Integer(7), Reply::Nil];
        let fields = Fields::new("reserve_seats", replies);
        assert_eq!(fields.outcome(), Ok("held"));
        assert_eq!(fields.integer(1), Ok(7));
        assert!(fields.integer(0).is_err());
        assert!(fields.text(2).is_err());
        assert!(fields.text(3).is_err());
        let Error::Protocol { script, .. } = fields.unexpected() else { unreachable!() };
        assert_eq!(script, "reserve_seats");
    }
}
