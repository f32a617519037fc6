//! `POST /api/v1/auth/verify`: signs in whoever shows what a letter carries.

use domain::contact::Contact;
use guest::call::{invalid_field, invalid_fields};
use guest::sign_in::{self, Shown};
use guest::{Call, Problem, Reply, auth};
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    code: Option<String>,
    link_token: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let Body { email, code, link_token } = call.json()?;
    let shown = match (link_token, code) {
        (Some(token), _) => Shown::Link(token),
        (None, Some(code)) => {
            let contact = Contact::read(email, None, None);
            let contact = contact.map_err(|problems| invalid_fields(&problems))?;
            let email = contact.email.ok_or_else(|| invalid_field("email", "is missing"))?;
            Shown::Code { email, code }
        }
        (None, None) => return Err(invalid_field("code", "is missing, and link_token too")),
    };
    let guest = auth::proven_guest(&call).await?;
    Reply::ok(&sign_in::redeem(&call, &shown, guest).await?)
}
