//! `GET /health/live`: the process answers. Touches nothing, so that a store that is down does not
//! make an orchestrator restart healthy nodes.

use guest::{Call, Problem, Reply};
use serde_json::json;

pub(crate) async fn handle(_: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({ "status": "ok" }))
}
