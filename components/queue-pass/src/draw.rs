//! `GET /api/v1/queue/draw/{event_id}`: what is published of the draw. Before the opening that
//! binds the box office, after it anyone can compute every place again.

use domain::code::Code;
use domain::draw::{ALGORITHM, seed_to_hex};
use domain::id::EventId;
use domain::time::Instant;
use guest::{Call, Problem, Reply, stores};
use serde::Serialize;

#[derive(Serialize)]
struct DrawView {
    event_id: EventId,
    status: &'static str,
    algorithm: &'static str,
    commitment: String,
    seed: Option<String>,
    count: Option<u32>,
    drawn_at: Option<Instant>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event_id = call.event_id()?;
    let stores = stores::open().await?;
    let published = ledger::find_draw(&stores.database, event_id)
        .await?
        .ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let drawn = published.drawn;
    Reply::ok(&DrawView {
        event_id,
        status: if drawn.is_some() { "drawn" } else { "committed" },
        algorithm: ALGORITHM,
        commitment: published.commitment,
        seed: drawn.map(|drawn| seed_to_hex(&drawn.seed)),
        count: drawn.map(|drawn| drawn.count),
        drawn_at: drawn.map(|drawn| drawn.drawn_at),
    })
}
