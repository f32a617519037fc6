//! The seat map as the crowd sees it, and how a buyer picks seats from it.

use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::Mutex;

use super::stage::SEATED;
use crate::api::SeatMap;
use crate::client::Client;
use crate::problem::Failure;
use domain::id::EventId;

/// How old a map may be before it is fetched again. Buyers look at a picture that is a little old,
/// so several want the same seats, and the server has to choose.
const MAP_AGE_MAX: Duration = Duration::from_millis(500);

/// The latest map, shared by everybody, as a page behind a cache is.
#[derive(Default)]
pub(crate) struct SeatBoard {
    latest: Mutex<Option<(Instant, SeatMap)>>,
}

impl SeatBoard {
    /// `quantity` seats side by side that were free a moment ago; fewer when there is no such
    /// block; none when all are taken.
    pub(crate) async fn pick(
        &self,
        client: &Client,
        event_id: EventId,
        quantity: u32,
        random: &mut Rng,
    ) -> Result<Vec<String>, Failure> {
        let mut latest = self.latest.lock().await;
        let fresh = latest.as_ref().filter(|(fetched, _)| fetched.elapsed() < MAP_AGE_MAX);
        if fresh.is_none() {
            *latest = Some((Instant::now(), client.seat_map(event_id, SEATED).await?));
        }
        let seats = latest.as_ref().map(|(_, map)| pick(map, SEATED, quantity, random));
        Ok(seats.unwrap_or_default())
    }
}

/// The first block of free seats at or after a random place, going around.
fn pick(map: &SeatMap, section: &str, quantity: u32, random: &mut Rng) -> Vec<String> {
    let seats = map.map.as_bytes();
    let per_row = map.seats_per_row as usize;
    if seats.is_empty() || per_row == 0 {
        return Vec::new();
    }
    let start = random.usize(..seats.len());
    for quantity in (1..=quantity as usize).rev() {
        let block = (0..seats.len()).map(|step| (start + step) % seats.len()).find(|first| {
            first % per_row + quantity <= per_row
                && seats[*first..*first + quantity].iter().all(|seat| *seat == b'.')
        });
        if let Some(first) = block {
            let row = first / per_row + 1;
            return (first..first + quantity)
                .map(|seat| format!("{section}-{row}-{}", seat % per_row + 1))
                .collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(map: &str, quantity: u32) -> Vec<String> {
        let map = SeatMap { seats_per_row: 4, map: map.to_owned() };
        pick(&map, "A", quantity, &mut Rng::with_seed(1))
    }

    #[test]
    fn seats_lie_side_by_side_in_one_row() {
        assert_eq!(picked("hhh..hhh", 1).len(), 1);
        assert_eq!(picked("hhhh.h..", 2), ["A-2-3", "A-2-4"]);
        // The two free seats are in two rows.
        assert_eq!(picked("hhh..hhh", 2).len(), 1);
    }

    #[test]
    fn fewer_are_better_than_none() {
        assert_eq!(picked("hhhhh.hh", 4), ["A-2-2"]);
        assert_eq!(picked("hhsshhss", 4), Vec::<String>::new());
        assert_eq!(picked("", 4), Vec::<String>::new());
    }
}
