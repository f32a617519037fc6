//! Hands out queue numbers.

use domain::id::EventId;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

/// Numbers of a block: one statement for ten thousand joins. A number is below 2^32, so an event
/// has more than 400,000 blocks.
pub const NUMBERS_GRANTED: i64 = 10_000;

const STATEMENT: &str =
    "SELECT first, last FROM boxoffice.grant_numbers($1::text::uuid, $2::bigint, $3::text)";

/// Queue numbers that nobody else gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberBlock {
    /// The first of them.
    pub first: i64,
    /// The last of them.
    pub last: i64,
}

/// Hands out the next block of `event`; `None` when there is no such event. `state` names what has
/// been used up: whoever asks for the same state again, at once or by repeating, gets the same
/// block, so a crowd that finds the numbers used up does not skip any. A state that was answered
/// before the last one gets a new block.
///
/// # Errors
///
/// See [`Error`].
pub async fn grant_numbers<D: Database>(
    database: &D,
    event: EventId,
    state: &str,
) -> Result<Option<NumberBlock>, Error> {
    let parameters = vec![event.to_string().into(), NUMBERS_GRANTED.into(), state.into()];
    let mut found = rows(database, "grant_numbers", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    Ok(Some(NumberBlock { first: row.integer()?, last: row.integer()? }))
}
