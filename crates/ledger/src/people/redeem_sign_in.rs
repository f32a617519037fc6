//! Ends a sign-in by its code or link, and begins a session.

use domain::id::{SessionId, UserId};

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome, user_id FROM boxoffice.redeem_sign_in(\
     $1::text, $2::text, $3::text, $4::text::uuid, $5::text::uuid, $6::text::uuid, $7::text, \
     $8::bigint)";

/// What somebody shows who has read the letter.
#[derive(Debug, Clone, Copy)]
pub enum SignInProof<'a> {
    /// The code, typed.
    Code {
        /// The mailbox.
        email: &'a str,
        /// Digest of mailbox and code.
        digest: &'a str,
    },
    /// The link, opened.
    Link {
        /// Digest of its token.
        digest: &'a str,
    },
}

/// Somebody who shows code or link.
#[derive(Debug, Clone, Copy)]
pub struct RedeemSignIn<'a> {
    /// What is shown.
    pub proof: SignInProof<'a>,
    /// The guest who shows it, whose bookings become the account's.
    pub guest: Option<UserId>,
    /// A fresh id, for an account that has to be made.
    pub new_user: UserId,
    /// A fresh id of the session; the same again changes nothing.
    pub session: SessionId,
    /// Digest of the first refresh token.
    pub refresh_digest: &'a str,
    /// Life of the refresh token, in s.
    pub refresh_ttl_s: i64,
}

/// Begins the session, and returns whose it is; nothing when code or link is not good, or not any
/// more. A wrong code counts.
///
/// # Errors
///
/// See [`Error`].
pub async fn redeem_sign_in<D: Database>(
    database: &D,
    request: &RedeemSignIn<'_>,
) -> Result<Option<UserId>, Error> {
    let (email, code_digest, link_digest) = match request.proof {
        SignInProof::Code { email, digest } => (Some(email), Some(digest), None),
        SignInProof::Link { digest } => (None, None, Some(digest)),
    };
    let guest = request.guest.map(|guest| guest.to_string());
    let parameters = vec![
        Value::from(email),
        Value::from(code_digest),
        Value::from(link_digest),
        Value::from(guest.as_deref()),
        request.new_user.to_string().into(),
        request.session.to_string().into(),
        request.refresh_digest.into(),
        request.refresh_ttl_s.into(),
    ];
    let mut row = one_row(database, "redeem_sign_in", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "signed_in" => row.parsed().map(Some),
        "code_invalid" => Ok(None),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
