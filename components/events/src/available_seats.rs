//! `GET /api/v1/events/{event_id}/seats/available?section=A`: the labels of the free seats.

use domain::seat::Seat;
use domain::section::free_seats;
use guest::{Call, Problem, Reply, stores};
use serde::Serialize;

use crate::seat_map;

#[derive(Serialize)]
struct AvailableSeats {
    seats: Vec<Seat>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let stores = stores::open().await?;
    let (section, map) = seat_map::read(&call, &stores).await?;
    let seats =
        free_seats(&map).map(|(row, number)| Seat { section: section.name.clone(), row, number });
    Reply::ok(&AvailableSeats { seats: seats.collect() })
}
