//! Notes that a user has left the queue.

use domain::id::{EventId, UserId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str =
    "SELECT noted FROM boxoffice.leave_queue($1::text::uuid, $2::text::uuid, $3::bigint)";

/// Keeps in mind that `user` gave the place `number` up, so that its receipt is worth nothing when
/// Redis has forgotten. Says whether it was news.
///
/// # Errors
///
/// See [`Error`].
pub async fn leave_queue<D: Database>(
    database: &D,
    event: EventId,
    user: UserId,
    number: i64,
) -> Result<bool, Error> {
    let parameters = vec![event.to_string().into(), user.to_string().into(), number.into()];
    one_row(database, "leave_queue", STATEMENT, parameters).await?.boolean()
}
