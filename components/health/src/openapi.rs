//! `GET /openapi.json`: the interface, described (OpenAPI 3.1). Kept as openapi.yaml.

use bytes::Bytes;
use guest::{Call, Problem, Reply};
use http::{StatusCode, header};

const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
/// It changes with a new version only.
const CACHE_CONTROL: &str = "public, max-age=300";

pub(crate) async fn handle(_: Call) -> Result<Reply, Problem> {
    let document = Bytes::from_static(DOCUMENT.as_bytes());
    Ok(Reply::json_bytes(StatusCode::OK, document)
        .with_header(header::CACHE_CONTROL, CACHE_CONTROL))
}
