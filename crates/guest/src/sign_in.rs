//! Signing in to an account by a letter: asking for it, and showing what it carries.
//!
//! Whoever asks learns nothing, not even by the time it takes: asking writes two rows in any case,
//! and whether the mailbox has an account is looked up when its reader comes back.

use data_encoding::BASE64URL_NOPAD;
use domain::code::Code;
use domain::contact::Contact;
use domain::id::{SessionId, UserId};
use domain::rate::RouteClass;
use domain::time::Instant;
use domain::token::{SignInSecrets, code_digest, secret_digest};
use ledger::{RedeemSignIn, RequestSignIn, SignInProof};
use serde::Serialize;
use service::identity::{REFRESH_TOKEN_TTL_S, account_token};
use uuid::Uuid;

use crate::call::{Call, invalid_field, invalid_fields};
use crate::problem::Problem;
use crate::{clock, limit, postgres, random, variables};

/// What names the owner of an account for some minutes, and what gets the next one.
#[derive(Serialize)]
pub struct AccountTokens {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// The owner.
    pub user_id: UserId,
    /// When `token` ends.
    pub expires_at: Instant,
    /// For `POST /api/v1/auth/refresh`, once.
    pub refresh_token: String,
}

/// What somebody shows who has read the letter.
pub enum Shown {
    /// The code, typed.
    Code {
        /// The mailbox.
        email: String,
        /// Six digits, as they were typed.
        code: String,
    },
    /// The token of the link.
    Link(String),
}

/// Asks for the letter to `email`. `name` and `locale` are for an account that may be made.
///
/// # Errors
///
/// 422 when it is no mailbox, 429 when the address asks too often, 503 when nobody can count. A
/// mailbox that was written to often enough is not written to, and nobody is told.
pub async fn request(
    call: &Call,
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
) -> Result<(), Problem> {
    let contact = Contact::read(email, name, locale);
    let contact = contact.map_err(|problems| invalid_fields(&problems))?;
    let Some(email) = contact.email.as_deref() else {
        return Err(invalid_field("email", "must be a mailbox"));
    };
    limit::address(call, RouteClass::Letter).await?;
    if !limit::may_write_to(email).await? {
        return Ok(());
    }
    let keys = variables::signing_keys().await?;
    let id = Uuid::now_v7();
    let secrets = SignInSecrets::of(&keys, &id.to_string());
    let code_digest = code_digest(&keys, email, &secrets.code);
    let link_digest = secret_digest(&secrets.link_token);
    let request = RequestSignIn {
        id,
        email,
        contact: &contact,
        code_digest: &code_digest,
        link_digest: &link_digest,
    };
    ledger::request_sign_in(&postgres::database().await?, &request).await?;
    Ok(())
}

/// Signs in whoever shows code or link. What is `guest`'s becomes the account's.
///
/// # Errors
///
/// 401 `code_invalid`; 429 when the address tries too often.
pub async fn redeem(
    call: &Call,
    shown: &Shown,
    guest: Option<UserId>,
) -> Result<AccountTokens, Problem> {
    limit::address(call, RouteClass::SignIn).await?;
    let keys = variables::signing_keys().await?;
    let digest = match shown {
        Shown::Code { email, code } => {
            let digits: String = code.chars().filter(|it| !it.is_whitespace()).collect();
            code_digest(&keys, email, &digits)
        }
        Shown::Link(token) => secret_digest(token),
    };
    let proof = match shown {
        Shown::Code { email, .. } => SignInProof::Code { email, digest: &digest },
        Shown::Link(_) => SignInProof::Link { digest: &digest },
    };
    let session = SessionId::from_uuid(Uuid::now_v7());
    let (refresh_token, refresh_digest) = new_refresh_token();
    let request = RedeemSignIn {
        proof,
        guest,
        new_user: UserId::from_uuid(Uuid::now_v7()),
        session,
        refresh_digest: &refresh_digest,
        refresh_ttl_s: REFRESH_TOKEN_TTL_S,
    };
    let user = ledger::redeem_sign_in(&postgres::database().await?, &request).await?;
    let user = user.ok_or_else(|| Problem::of(Code::CodeInvalid))?;
    tokens(user, session, refresh_token).await
}

/// Exchanges a refresh token for a new pair.
///
/// # Errors
///
/// 401 when it is not good, or was exchanged before, which ends its session.
pub async fn refresh(call: &Call, refresh_token: &str) -> Result<AccountTokens, Problem> {
    limit::address(call, RouteClass::Guest).await?;
    let (new_token, new_digest) = new_refresh_token();
    let digest = secret_digest(refresh_token);
    let database = postgres::database().await?;
    let refreshed =
        ledger::refresh_session(&database, &digest, &new_digest, REFRESH_TOKEN_TTL_S).await?;
    let refreshed = refreshed.ok_or_else(|| Problem::of(Code::Unauthenticated))?;
    tokens(refreshed.user, refreshed.session, new_token).await
}

async fn tokens(
    user_id: UserId,
    session: SessionId,
    refresh_token: String,
) -> Result<AccountTokens, Problem> {
    let keys = variables::signing_keys().await?;
    let (token, expires_at) = account_token(&keys, user_id, session, Uuid::now_v7(), clock::now())?;
    Ok(AccountTokens { token, user_id, expires_at, refresh_token })
}

/// A refresh token, and what the ledger keeps of it.
fn new_refresh_token() -> (String, String) {
    let token = format!("rt_{}", BASE64URL_NOPAD.encode(&random::secret()));
    let digest = secret_digest(&token);
    (token, digest)
}
