//! Asks for a letter with the bookings of a mailbox.

use uuid::Uuid;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str =
    "SELECT noted FROM boxoffice.request_lookup($1::text::uuid, $2::text, $3::text)";

/// Asks for a letter to `email` with what was booked under it, in the language of `locale`. `id` is
/// a fresh one; the same again changes nothing. It says nothing of whether there is anything: who
/// asks must not learn it, not by the time it takes either.
///
/// # Errors
///
/// See [`Error`].
pub async fn request_lookup<D: Database>(
    database: &D,
    id: Uuid,
    email: &str,
    locale: Option<&str>,
) -> Result<(), Error> {
    let parameters = vec![id.to_string().into(), email.into(), Value::from(locale)];
    one_row(database, "request_lookup", STATEMENT, parameters).await?.boolean()?;
    Ok(())
}
