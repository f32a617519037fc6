//! `POST /api/v1/auth/refresh`: a new pair of tokens for a refresh token, which is good once.

use guest::{Call, Problem, Reply, sign_in};
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    refresh_token: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let Body { refresh_token } = call.json()?;
    Reply::ok(&sign_in::refresh(&call, &refresh_token).await?)
}
