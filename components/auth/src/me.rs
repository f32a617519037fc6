//! `GET`, `PUT` and `DELETE /api/v1/auth/me`: the account of the caller.

use domain::code::Code;
use domain::contact::Contact;
use guest::call::{invalid_field, invalid_fields};
use guest::{Call, Problem, Reply, auth, postgres};
use ledger::EraseAccountOutcome;
use serde::Deserialize;

#[derive(Deserialize)]
struct Change {
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
}

pub(crate) async fn read(call: Call) -> Result<Reply, Problem> {
    let account = auth::account(&call).await?;
    let database = postgres::database().await?;
    let found = ledger::find_account(&database, account.user, account.session).await?;
    Reply::ok(&found.ok_or_else(signed_out)?)
}

pub(crate) async fn change(call: Call) -> Result<Reply, Problem> {
    let account = auth::account(&call).await?;
    let Change { email, name, locale } = call.change()?;
    if email.is_some() {
        return Err(invalid_field("email", "cannot be changed: register with the other one"));
    }
    let contact = Contact::read(None, name, locale);
    let Contact { name, locale, .. } = contact.map_err(|problems| invalid_fields(&problems))?;
    let database = postgres::database().await?;
    let (user, session) = (account.user, account.session);
    let (name, locale) = (name.as_deref(), locale.as_deref());
    let changed = ledger::change_account(&database, user, session, name, locale).await?;
    Reply::ok(&changed.ok_or_else(signed_out)?)
}

pub(crate) async fn erase(call: Call) -> Result<Reply, Problem> {
    let account = auth::account(&call).await?;
    let database = postgres::database().await?;
    match ledger::erase_account(&database, account.user, account.session).await? {
        EraseAccountOutcome::Erased => Ok(Reply::no_content()),
        EraseAccountOutcome::SignedOut => Err(signed_out()),
        EraseAccountOutcome::LastOwner => Err(Problem::of(Code::LastOwner)),
    }
}

fn signed_out() -> Problem {
    Problem::new(Code::Unauthenticated, "the session has ended: sign in again")
}
