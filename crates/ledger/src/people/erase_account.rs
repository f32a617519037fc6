//! Erases an account and what it has said of its owner; the books stay.

use domain::id::{SessionId, UserId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str =
    "SELECT outcome FROM boxoffice.erase_account($1::text::uuid, $2::text::uuid)";

/// What [`erase_account`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseAccountOutcome {
    /// It is gone.
    Erased,
    /// The session has ended; nothing was done.
    SignedOut,
    /// An organisation would have no owner; nothing was done.
    LastOwner,
}

/// Erases the account of `user`, who is signed in by `session`.
///
/// # Errors
///
/// See [`Error`].
pub async fn erase_account<D: Database>(
    database: &D,
    user: UserId,
    session: SessionId,
) -> Result<EraseAccountOutcome, Error> {
    let parameters = vec![user.to_string().into(), session.to_string().into()];
    let mut row = one_row(database, "erase_account", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "erased" => Ok(EraseAccountOutcome::Erased),
        "signed_out" => Ok(EraseAccountOutcome::SignedOut),
        "last_owner" => Ok(EraseAccountOutcome::LastOwner),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
