//! Asking for a letter with the bookings of a mailbox.
//!
//! Whoever asks learns nothing: not whether the mailbox is known, not by the time it takes. What is
//! there is looked up when the letter is written.

use domain::contact::Contact;
use domain::rate::RouteClass;
use uuid::Uuid;

use crate::call::{Call, invalid_field, invalid_fields};
use crate::problem::Problem;
use crate::{limit, postgres};

/// Asks for the letter to `email`, in the language of `locale`.
///
/// # Errors
///
/// 422 when it is no mailbox, 429 when the address asks too often, 503 when nobody can count. A
/// mailbox that was written to often enough is not written to, and nobody is told.
pub async fn request(
    call: &Call,
    email: Option<String>,
    locale: Option<String>,
) -> Result<(), Problem> {
    let contact = Contact::read(email, None, locale);
    let contact = contact.map_err(|problems| invalid_fields(&problems))?;
    let Contact { email: Some(email), locale, .. } = contact else {
        return Err(invalid_field("email", "must be a mailbox"));
    };
    limit::address(call, RouteClass::Letter).await?;
    if limit::may_write_to(&email).await? {
        let database = postgres::database().await?;
        let id = Uuid::now_v7();
        ledger::request_lookup(&database, id, &email, locale.as_deref()).await?;
    }
    Ok(())
}
