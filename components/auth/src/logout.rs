//! `POST /api/v1/auth/logout`: ends this session, or every session of the account.

use guest::{Call, Problem, Reply, auth, postgres};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    all: bool,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let account = auth::account(&call).await?;
    let Body { all } = if call.body.is_empty() { Body::default() } else { call.json()? };
    let database = postgres::database().await?;
    ledger::end_sessions(&database, account.user, account.session, all).await?;
    Ok(Reply::no_content())
}
