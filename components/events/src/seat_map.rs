//! `GET /api/v1/events/{event_id}/seats?section=A`: the map of a section, one character per seat.

use domain::code::Code;
use domain::section::{Section, SectionKind, SectionName, map_for_clients};
use guest::call::invalid_field;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, stores};
use http::header;
use serde::Serialize;

use crate::availability::event_state;

#[derive(Serialize)]
struct SeatMapView {
    section: SectionName,
    rows: u32,
    seats_per_row: u32,
    map: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let stores = stores::open().await?;
    let (section, stored) = read(&call, &stores).await?;
    let SectionKind::Seated { rows, seats_per_row } = section.kind else {
        return Err(not_seated());
    };
    let map = map_for_clients(&stored);
    // A strong tag (RFC 9110, section 8.8.1): two maps with the same tag are the same map.
    let etag = format!("\"{}\"", guest::etag([map.as_bytes()]));
    if call.has_answer(&etag) {
        return Ok(Reply::not_modified().with_header(header::ETAG, &etag));
    }
    let view = SeatMapView { section: section.name, rows, seats_per_row, map };
    Ok(Reply::ok(&view)?.with_header(header::ETAG, &etag))
}

/// The section that the query names, and its map as it is stored.
pub(crate) async fn read(call: &Call, stores: &SpinStores) -> Result<(Section, Vec<u8>), Problem> {
    let event = call.event_id()?;
    let name: SectionName = call
        .query("section")
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| invalid_field("section", "must name a section"))?;
    let state = event_state(stores, event).await?;
    let section = state
        .settings
        .sections
        .into_iter()
        .find(|section| section.name == name)
        .ok_or_else(|| Problem::new(Code::InvalidSeats, "the section does not exist"))?;
    let map = sale::read_map(stores, event, &section).await?.ok_or_else(not_seated)?;
    Ok((section, map))
}

fn not_seated() -> Problem {
    Problem::new(Code::InvalidSeats, "a standing section has no seats")
}
