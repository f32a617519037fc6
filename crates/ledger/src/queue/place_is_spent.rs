//! Tells whether a place in the queue has had its effect.

use domain::id::{EventId, UserId};
use domain::time::Instant;

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT spent FROM boxoffice.place_is_spent(\
     $1::text::uuid, $2::text::uuid, $3::bigint, $4::bigint)";

/// Whether the place `number`, which `user` got at `joined_at`, was left, or was let in and its
/// pass used: each booking of the user in this event since then tells. A booking whose journal
/// entry was lost with Redis does not.
///
/// # Errors
///
/// See [`Error`].
pub async fn place_is_spent<D: Database>(
    database: &D,
    event: EventId,
    user: UserId,
    number: i64,
    joined_at: Instant,
) -> Result<bool, Error> {
    let parameters = vec![
        event.to_string().into(),
        user.to_string().into(),
        number.into(),
        joined_at.unix_ms().into(),
    ];
    one_row(database, "place_is_spent", STATEMENT, parameters).await?.boolean()
}
