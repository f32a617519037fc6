//! `POST /api/v1/auth/register` and `POST /api/v1/auth/login`: a letter with a code and a link, to
//! whichever mailbox. An account is made when its reader comes back, so both are the same but for
//! the name.

use guest::{Call, Problem, Reply, auth, sign_in};
use http::StatusCode;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    name: Option<String>,
    locale: Option<String>,
}

/// Says nothing.
#[derive(Serialize)]
struct Accepted {}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let Body { email, name, locale } = call.json()?;
    // Whose it is counts when the code is shown: it may be somebody else who asks.
    auth::proven_guest(&call).await?;
    sign_in::request(&call, email, name, locale).await?;
    Reply::json(StatusCode::ACCEPTED, &Accepted {})
}
