//! Rotates the refresh token of a session.

use domain::id::{SessionId, UserId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome, user_id, session_id FROM boxoffice.refresh_session(\
     $1::text, $2::text, $3::bigint)";

/// A session that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshedSession {
    /// Whose it is.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

/// Exchanges a refresh token, named by its digest, for a new one of `ttl_s` seconds. Nothing when
/// it is not good. One that was exchanged before ends its session.
///
/// # Errors
///
/// See [`Error`].
pub async fn refresh_session<D: Database>(
    database: &D,
    digest: &str,
    new_digest: &str,
    ttl_s: i64,
) -> Result<Option<RefreshedSession>, Error> {
    let parameters = vec![digest.into(), new_digest.into(), ttl_s.into()];
    let mut row = one_row(database, "refresh_session", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "refreshed" => Ok(Some(RefreshedSession { user: row.parsed()?, session: row.parsed()? })),
        "refused" => Ok(None),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
