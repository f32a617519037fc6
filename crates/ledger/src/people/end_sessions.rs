//! Signs an account out.

use domain::id::{SessionId, UserId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT ended FROM boxoffice.end_sessions(\
     $1::text::uuid, $2::text::uuid, $3::boolean)";

/// Ends `session` of `user`, or every session of that user, and says how many that were: 0 when
/// this one has ended before.
///
/// # Errors
///
/// See [`Error`].
pub async fn end_sessions<D: Database>(
    database: &D,
    user: UserId,
    session: SessionId,
    all: bool,
) -> Result<u64, Error> {
    let parameters = vec![user.to_string().into(), session.to_string().into(), all.into()];
    one_row(database, "end_sessions", STATEMENT, parameters).await?.count()
}
