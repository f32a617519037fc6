//! An account, as its owner sees and changes it.

use std::fmt;

use domain::id::{SessionId, UserId};
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{instant, one_row, rows};

const READ: &str = "SELECT document FROM boxoffice.read_account($1::text::uuid, $2::text::uuid)";
const CHANGE: &str = "SELECT document FROM boxoffice.change_account(\
     $1::text::uuid, $2::text::uuid, $3::text, $4::text)";
const IS_ACCOUNT: &str = "SELECT is_account FROM boxoffice.is_account($1::text::uuid)";

/// An account. Personal data: it is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its owner.
    pub user_id: UserId,
    /// The mailbox that its owner has proved to read.
    pub email: String,
    /// One visible line, if it was said.
    pub name: Option<String>,
    /// A language tag of BCP 47, if it was said.
    pub locale: Option<String>,
    /// When the mailbox was proved first.
    #[serde(rename(deserialize = "created_at_ms"), deserialize_with = "instant")]
    pub created_at: Instant,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Account({})", self.user_id)
    }
}

/// The account of `user`; nothing when `session` has ended.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_account<D: Database>(
    database: &D,
    user: UserId,
    session: SessionId,
) -> Result<Option<Account>, Error> {
    let parameters = vec![user.to_string().into(), session.to_string().into()];
    let row = rows(database, "read_account", READ, parameters).await?.next();
    row.map(|mut row| row.document()).transpose()
}

/// Changes name and language of the account of `user`, as far as they are given, and returns it;
/// nothing when `session` has ended.
///
/// # Errors
///
/// See [`Error`].
pub async fn change_account<D: Database>(
    database: &D,
    user: UserId,
    session: SessionId,
    name: Option<&str>,
    locale: Option<&str>,
) -> Result<Option<Account>, Error> {
    let (user, session) = (user.to_string(), session.to_string());
    let parameters = vec![user.into(), session.into(), Value::from(name), Value::from(locale)];
    let row = rows(database, "change_account", CHANGE, parameters).await?.next();
    row.map(|mut row| row.document()).transpose()
}

/// Whether `user` has an account: then a proof of being the guest of before is no longer enough.
///
/// # Errors
///
/// See [`Error`].
pub async fn is_account<D: Database>(database: &D, user: UserId) -> Result<bool, Error> {
    let parameters = vec![user.to_string().into()];
    one_row(database, "is_account", IS_ACCOUNT, parameters).await?.boolean()
}
