//! Lists of the provider's events that are read beside its webhook: by whom, how far, what is new.

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{Row, one_row, rows};

/// Ids of one question at most: a page of the provider has no more.
pub const UNRECORDED_MAX: usize = 100;

const CLAIM: &str = "SELECT name, after_event FROM boxoffice.claim_event_lists($1::bigint)";
const NOTE: &str = "SELECT noted FROM boxoffice.note_event_list($1::text, $2::text)";
const UNRECORDED: &str = "SELECT id FROM boxoffice.unrecorded_events($1::text[])";
const UNRECORDED_STEP: &str = "unrecorded_events";

/// A list of the provider's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventList {
    /// What the webhook has not accepted.
    Undelivered,
    /// Every refund, delivered or not.
    Refunds,
}

impl EventList {
    /// The word in Postgres.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undelivered => "undelivered",
            Self::Refunds => "refunds",
        }
    }
}

/// A list that is to be read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEventList {
    /// Which.
    pub list: EventList,
    /// The event behind which the last run stopped; `None` when it came to the end.
    pub after: Option<String>,
}

/// Takes the lists that were not taken for `every_ms`. Two workers get different ones.
///
/// # Errors
///
/// See [`Error`].
pub async fn claim_event_lists<D: Database>(
    database: &D,
    every_ms: i64,
) -> Result<Vec<DueEventList>, Error> {
    rows(database, "claim_event_lists", CLAIM, vec![every_ms.into()])
        .await?
        .map(|mut row| read_due_list(&mut row))
        .collect()
}

fn read_due_list(row: &mut Row) -> Result<DueEventList, Error> {
    let list = match row.text()?.as_str() {
        "undelivered" => EventList::Undelivered,
        "refunds" => EventList::Refunds,
        other => return Err(row.unexpected(format!("list {other:?}"))),
    };
    Ok(DueEventList { list, after: row.optional_text()? })
}

/// Notes behind which event the next run goes on; `None` when this one came to the end. Returns
/// false when there is no such list.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_event_list<D: Database>(
    database: &D,
    list: EventList,
    after: Option<&str>,
) -> Result<bool, Error> {
    let parameters = vec![list.as_str().into(), Value::from(after)];
    one_row(database, "note_event_list", NOTE, parameters).await?.boolean()
}

/// Tells which of `events` were never recorded.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`UNRECORDED_MAX`] events; see [`Error`].
pub async fn unrecorded_events<D: Database>(
    database: &D,
    events: Vec<String>,
) -> Result<Vec<String>, Error> {
    if events.len() > UNRECORDED_MAX {
        return Err(Error::TooMany { step: UNRECORDED_STEP, limit: UNRECORDED_MAX });
    }
    rows(database, UNRECORDED_STEP, UNRECORDED, vec![Value::Texts(events)])
        .await?
        .map(|mut row| row.text())
        .collect()
}
