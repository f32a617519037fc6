//! Writes down that somebody asks to sign in, and the letter to the mailbox.

use domain::contact::Contact;
use uuid::Uuid;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT noted FROM boxoffice.request_sign_in(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::text, $6::text)";

/// Somebody who asks.
#[derive(Debug, Clone, Copy)]
pub struct RequestSignIn<'a> {
    /// A fresh id; the same again changes nothing.
    pub id: Uuid,
    /// The mailbox.
    pub email: &'a str,
    /// Name and language of an account that may be made.
    pub contact: &'a Contact,
    /// What the code is compared with.
    pub code_digest: &'a str,
    /// What the link is compared with.
    pub link_digest: &'a str,
}

/// Writes it down. Returns false when it was before.
///
/// # Errors
///
/// See [`Error`].
pub async fn request_sign_in<D: Database>(
    database: &D,
    request: &RequestSignIn<'_>,
) -> Result<bool, Error> {
    let parameters = vec![
        request.id.to_string().into(),
        request.email.into(),
        Value::from(request.contact.name.as_deref()),
        Value::from(request.contact.locale.as_deref()),
        request.code_digest.into(),
        request.link_digest.into(),
    ];
    one_row(database, "request_sign_in", STATEMENT, parameters).await?.boolean()
}
