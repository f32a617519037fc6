//! Two rivals for one place, one on each side of a loss: so that a double hold, and with it the
//! danger of a double sale, does not depend on chance.

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fault::Ground;
use crate::load::desk::Ask;
use crate::load::till;
use crate::load::venue::Venue;

/// The numbers of the rivals in the history.
const FIRST: u64 = 900_001;
const SECOND: u64 = 900_002;

/// Two fans with the same wish.
pub(crate) struct Rivals {
    event: String,
    ttl_s: u64,
    /// Seats that hardly anybody else asks for.
    seats: Vec<Vec<String>>,
}

/// A hold of a rival.
pub(crate) struct Held {
    visitor: u64,
    token: String,
    user: String,
    booking: Value,
    has_paid: bool,
}

impl Ground {
    /// Rivals for two seats at the back. An event with a queue or without seats has none.
    pub(crate) fn rivals(&self, venue: &Venue, random: &mut Rng) -> Option<Rivals> {
        let (section, rows, seats_per_row) = *venue.seated.last()?;
        if venue.has_queue {
            return None;
        }
        let mut seats = Vec::new();
        for _ in 0..4 {
            let (row, seat) = (random.u32(rows - 3..=rows), random.u32(1..seats_per_row));
            seats.push(vec![
                format!("{section}-{row}-{seat}"),
                format!("{section}-{row}-{}", seat + 1),
            ]);
        }
        Some(Rivals { event: venue.id.clone(), ttl_s: venue.hold_ttl_s, seats })
    }

    /// The first rival holds what is free of the wishes, and then wants nothing else.
    pub(crate) fn hold_first(&self, rivals: &Option<Rivals>) -> Option<Held> {
        let rivals = rivals.as_ref()?;
        self.runtime.block_on(async {
            for seats in &rivals.seats {
                if let Some(held) = self.hold(FIRST, rivals, seats).await {
                    return Some(held);
                }
            }
            None
        })
    }

    /// The second rival asks for the same.
    pub(crate) fn hold_second(&self, rivals: &Option<Rivals>) -> Option<Held> {
        let rivals = rivals.as_ref()?;
        self.runtime.block_on(async {
            for seats in &rivals.seats {
                if let Some(held) = self.hold(SECOND, rivals, seats).await {
                    return Some(held);
                }
            }
            None
        })
    }

    /// The first rival pays at once.
    pub(crate) fn pay_first(&self, first: &mut Option<Held>) {
        if let Some(first) = first {
            self.runtime.block_on(self.pay(first));
            first.has_paid = true;
        }
    }

    /// Both pay at the same time, but for a first one who has paid; says what came of it.
    pub(crate) fn pay_both(&self, first: Option<Held>, second: Option<Held>) -> String {
        let (Some(first), Some(second)) = (first, second) else {
            return "no two rivals held".to_owned();
        };
        let are_rivals = first.booking["seats"] == second.booking["seats"];
        self.runtime.block_on(async {
            let pay_first = async {
                if !first.has_paid {
                    self.pay(&first).await;
                }
            };
            tokio::join!(pay_first, self.pay(&second));
        });
        match (are_rivals, first.has_paid) {
            (true, true) => {
                format!("a second rival held {}, which were paid", first.booking["seats"])
            }
            (true, false) => format!("two rivals held {}", first.booking["seats"]),
            (false, _) => "the seats of the first rival were not given to the second".to_owned(),
        }
    }

    async fn hold(&self, visitor: u64, rivals: &Rivals, seats: &[String]) -> Option<Held> {
        let desk = &self.crowd.desk;
        let guest = Ask::new("guest", Method::POST, "/api/v1/auth/guest");
        let guest = desk.call(visitor, guest).await;
        let (token, user) = (guest.text("token").to_owned(), guest.text("user_id").to_owned());
        let body = json!({ "event_id": rivals.event, "seats": seats });
        let facts = json!({ "event": rivals.event, "user": user, "body": body,
            "ttl_s": rivals.ttl_s });
        let ask = Ask::new("reserve", Method::POST, "/api/v1/bookings/reserve").token(&token);
        let answer = desk.call(visitor, ask.facts(facts).json(&body)).await;
        let booking = answer.body;
        let has_paid = false;
        (answer.status == 201).then_some(Held { visitor, token, user, booking, has_paid })
    }

    async fn pay(&self, held: &Held) {
        let payer = till::Payer { visitor: held.visitor, token: &held.token, user: &held.user };
        self.crowd.till.pay(&self.crowd, payer, &held.booking).await;
    }
}
