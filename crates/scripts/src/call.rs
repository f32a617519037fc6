//! Calling a script and reading its reply by index.

use std::str::FromStr;
use std::time::Duration;

use cluster::{Argument, Cluster, Reply, Transport};
use domain::id::BookingId;
use domain::time::Instant;

use crate::registry::KeyedScript;
use crate::{Error, Hold};

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

/// Names as scripts take and give them: in order, separated by spaces.
pub(crate) fn join_names(names: &[domain::section::SectionName]) -> String {
    let names: Vec<&str> = names.iter().map(domain::section::SectionName::as_str).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
