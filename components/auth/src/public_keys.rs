//! `GET /.well-known/jwks.json`: the keys that verify passes and tokens (RFC 7517).

use domain::token::PublicKey;
use guest::{Call, Problem, Reply, variables};
use http::header;
use serde::Serialize;

/// Verifiers may keep the set this long; a new key is published at least this long before it signs.
const CACHE_CONTROL: &str = "public, max-age=300";

#[derive(Serialize)]
struct KeySet {
    keys: Vec<PublicKey>,
}

pub(crate) async fn handle(_: Call) -> Result<Reply, Problem> {
    let keys = variables::verifying_keys().await?.public_keys();
    Ok(Reply::ok(&KeySet { keys })?.with_header(header::CACHE_CONTROL, CACHE_CONTROL))
}
