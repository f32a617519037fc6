//! `POST /api/v1/bookings/lookup`: a letter with links to the bookings of a mailbox, if there are
//! any. The answer is the same in any case.

use guest::{Call, Problem, Reply, lookup};
use http::StatusCode;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Body {
    email: Option<String>,
    locale: Option<String>,
}

/// Says nothing.
#[derive(Serialize)]
struct Accepted {}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let Body { email, locale } = call.json()?;
    lookup::request(&call, email, locale).await?;
    Reply::json(StatusCode::ACCEPTED, &Accepted {})
}
