//! Finding places: a first wish, then whatever is left, a bounded number of times.

use domain::booking::{Booking, BookingStatus};
use fastrand::Rng;

use super::plan::{Plan, Taste};
use super::stage::{SEATED, STANDING, Stage};
use super::tally::Tally;
use crate::api::{Reservation, Wish};
use crate::command::unique;

/// How often a buyer tries before going home. The longest way down is named seats (3 tries), the
/// best seats and standing for 4, 2 and 1 places each.
const ATTEMPTS_MAX: u32 = 9;
/// How often a buyer picks seats from the map before asking for any seats together.
const NAMED_ATTEMPTS_MAX: u32 = 3;

/// A hold, and how it was asked for.
pub(crate) struct Held {
    pub(crate) booking: Booking,
    pub(crate) wish: Wish,
    /// The key it was asked with.
    pub(crate) idempotency_key: String,
}

/// Tries until something is held, or nothing fits.
pub(crate) async fn reserve(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    pass: &str,
    plan: &Plan,
) -> Option<Held> {
    let mut random = Rng::with_seed(plan.seat_seed);
    let mut search = Search::new(plan);
    for _ in 0..ATTEMPTS_MAX {
        let wish = next_wish(stage, tally, &search, &mut random).await?;
        let idempotency_key = unique();
        let reservation = Reservation {
            token,
            event_id: stage.event_id,
            pass: Some(pass),
            idempotency_key: &idempotency_key,
            wish: &wish,
        };
        let failure = match stage.client.reserve(&reservation).await {
            Ok(booking) => {
                check(tally, &booking, &wish);
                return Some(Held { booking, wish, idempotency_key });
            }
            Err(failure) => failure,
        };
        let code = failure.code().unwrap_or_default().to_owned();
        let Some(on) = search.refused(&code) else {
            tally.error(format!("reserve: {failure}"));
            return None;
        };
        tally.refused(&code);
        if !on {
            break;
        }
    }
    tally.add(|counts| counts.empty_handed += 1);
    None
}

async fn next_wish(
    stage: &Stage,
    tally: &Tally,
    search: &Search,
    random: &mut Rng,
) -> Option<Wish> {
    let (section, quantity) = match search.taste {
        Taste::NamedSeats => {
            let picked =
                stage.board.pick(&stage.client, stage.event_id, search.quantity, random).await;
            let seats = tally.expect("seat map", picked)?;
            if !seats.is_empty() {
                return Some(Wish::Seats { seats });
            }
            // The map shows nothing free; it may be a little old, so ask.
            (Some(SEATED), search.quantity)
        }
        // Left out, the section is any seated one: the demonstration asks in both ways.
        Taste::BestSeats if random.bool() => (None, search.quantity),
        Taste::BestSeats => (Some(SEATED), search.quantity),
        Taste::Standing => (Some(STANDING), search.quantity),
    };
    Some(Wish::Best { section: section.map(str::to_owned), quantity })
}

/// The held units must be the requested ones.
fn check(tally: &Tally, booking: &Booking, wish: &Wish) {
    let fits = match wish {
        Wish::Seats { seats } => {
            let (mut asked, mut held) = (seats.clone(), booking.seat_labels());
            asked.sort_unstable();
            held.sort_unstable();
            asked == held
        }
        Wish::Best { quantity, .. } => booking.quantity == *quantity,
    };
    if !fits || booking.status != BookingStatus::Reserved {
        tally.error(format!("asked for {wish:?}, got {booking:?}"));
    }
}

/// Where a buyer is on the way from the first wish to anything at all.
struct Search {
    taste: Taste,
    quantity: u32,
    named_attempts: u32,
    tried_elsewhere: bool,
}

impl Search {
    fn new(plan: &Plan) -> Self {
        let (taste, quantity) = (plan.taste, plan.quantity);
        Self { taste, quantity, named_attempts: 0, tried_elsewhere: false }
    }

    /// Whether to go on after a refusal with `code`; nothing when buyers never get such a code.
    fn refused(&mut self, code: &str) -> Option<bool> {
        match code {
            "seat_unavailable" => {
                self.named_attempts += 1;
                if self.named_attempts >= NAMED_ATTEMPTS_MAX {
                    self.taste = Taste::BestSeats;
                }
                Some(true)
            }
            "not_enough_seats" => Some(self.settle_for_less()),
            "sold_out" => Some(false),
            _ => None,
        }
    }

    /// The other section first, then half as many.
    fn settle_for_less(&mut self) -> bool {
        self.taste = match self.taste {
            Taste::Standing => Taste::BestSeats,
            Taste::NamedSeats | Taste::BestSeats => Taste::Standing,
        };
        if self.tried_elsewhere {
            if self.quantity == 1 {
                return false;
            }
            self.quantity /= 2;
        }
        self.tried_elsewhere = !self.tried_elsewhere;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::plan::Ending;

    fn search(taste: Taste, quantity: u32) -> Search {
        Search::new(&Plan {
            taste,
            quantity,
            ending: Ending::Release,
            think_ms: 0,
            seat_seed: 0,
            cheat: None,
        })
    }

    #[test]
    fn a_buyer_settles_for_less_and_comes_to_an_end() {
        let mut search = search(Taste::BestSeats, 4);
        let mut tried = vec![(search.taste, search.quantity)];
        while search.refused("not_enough_seats") == Some(true) {
            tried.push((search.taste, search.quantity));
        }
        let expected = [4, 2, 1]
            .into_iter()
            .flat_map(|quantity| [(Taste::BestSeats, quantity), (Taste::Standing, quantity)]);
        assert_eq!(tried, expected.collect::<Vec<_>>());
    }

    #[test]
    fn taken_seats_lead_to_other_seats_and_then_to_any() {
        let mut search = search(Taste::NamedSeats, 2);
        for expected in [Taste::NamedSeats, Taste::NamedSeats, Taste::BestSeats] {
            assert_eq!(search.refused("seat_unavailable"), Some(true));
            assert_eq!(search.taste, expected);
        }
    }

    #[test]
    fn sold_out_ends_the_search_and_other_codes_are_unexpected() {
        assert_eq!(search(Taste::Standing, 1).refused("sold_out"), Some(false));
        assert_eq!(search(Taste::Standing, 1).refused("queue_pass_invalid"), None);
    }
}
