//! Webhooks that nobody should believe: forged, altered, stale, from the future, unsigned; and
//! well signed ones of payments that do not fit their booking.

use std::sync::Arc;

use fastrand::Rng;
use reqwest::Method;
use serde_json::json;

use crate::load::Crowd;
use crate::load::desk::Ask;
use crate::load::till::{Event, now_s, sign};

/// Between two forgeries, at least and at most.
const PAUSE_MS: std::ops::Range<u64> = 600..1_400;
/// Beyond the tolerance of a signature's time.
const OUT_OF_TIME_S: i64 = 310;
/// The number of the forger in the history.
const FORGER: u64 = 999_999;

/// Forges until the crowd goes home.
pub async fn run(crowd: Arc<Crowd>, seed: u64) {
    let mut random = Rng::with_seed(seed ^ 0xf0f0);
    while !crowd.is_over() {
        crowd.pause(random.u64(PAUSE_MS)).await;
        forge(&crowd, &mut random).await;
    }
}

/// Holds seats that it will never pay for, and tells that they are paid.
async fn forge(crowd: &Crowd, random: &mut Rng) {
    let guest = Ask::new("guest", Method::POST, "/api/v1/auth/guest");
    let guest = crowd.desk.call(FORGER, guest).await;
    let Some(venue) = crowd.venues.iter().find(|venue| venue.name == "standing") else { return };
    let body = json!({ "event_id": venue.id, "section": "FLOOR", "quantity": 1 });
    let user = guest.text("user_id").to_owned();
    let facts = json!({ "event": venue.id, "user": user, "body": body, "ttl_s": venue.hold_ttl_s });
    let ask = Ask::new("reserve", Method::POST, "/api/v1/bookings/reserve")
        .token(guest.text("token"))
        .facts(facts)
        .json(&body);
    let held = crowd.desk.call(FORGER, ask).await;
    if held.status != 201 {
        return;
    }
    let event = Event::paid(&held.body);
    let desk = &crowd.desk;
    let secret = &desk.keys.webhook_secret;
    let body = event.body();
    let signature = match random.u32(0..8) {
        0 => None,
        1 => Some(sign("whsec_somebody_elses_secret_of_enough_bytes", &body, now_s())),
        2 => Some(sign(secret, &body, now_s() - OUT_OF_TIME_S)),
        3 => Some(sign(secret, &body, now_s() + OUT_OF_TIME_S)),
        4 => Some(sign(secret, &body.replace("eur", "usd"), now_s())),
        wrong => {
            let event = match wrong {
                5 => Event { amount: event.amount - 1, ..event },
                6 => Event { currency: "usd".to_owned(), ..event },
                _ => Event { livemode: true, ..event },
            };
            desk.deliver(FORGER, "wrong_payment", &event).await;
            return;
        }
    };
    desk.webhook(FORGER, "forged", &event, body, signature).await;
}
