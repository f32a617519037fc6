//! One fan, from the door to the ticket, with all the ways in which fans are difficult.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::load::desk::{Answer, Ask};
use crate::load::probe::Probe;
use crate::load::till::Payer;
use crate::load::venue::Venue;
use crate::load::{Crowd, Mood};

/// Who waits longer than this in a queue goes home.
const PATIENCE: Duration = Duration::from_secs(45);
/// Between two looks at a place, at least and at most.
const POLL_MS: std::ops::Range<u64> = 700..1_300;
/// Repetitions of a request whose outcome is unknown.
const RETRIES: u32 = 3;
/// How long a buyer looks whether the payment has arrived.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(12);
/// Reservations of a buyer who wants more than allowed.
const HOARD: usize = 4;
/// Rows in which most fans want to sit: so they meet.
const HOT_ROWS: u32 = 4;

/// A fan with a token.
pub(crate) struct Visitor {
    pub(crate) number: u64,
    pub(crate) random: Rng,
    pub(crate) token: String,
    pub(crate) user: String,
    pub(crate) crowd: Arc<Crowd>,
}

/// What a fan does once the seats are held.
#[derive(Debug, Clone, Copy)]
enum Plan {
    Pay,
    PayInTwoTabs,
    PayAtExpiry,
    PayAndCancel,
    PayAndGiveUp,
    CancelWhilePaying,
    Hoard,
    Decline,
    Release,
    Leave,
}

impl Visitor {
    /// A visit from its beginning to its end.
    pub(crate) async fn visit(crowd: Arc<Crowd>, number: u64, random: Rng) {
        let guest = Ask::new("guest", Method::POST, "/api/v1/auth/guest");
        let guest = crowd.desk.call(number, guest).await;
        if guest.status != 201 {
            crowd.pause(500).await;
            return;
        }
        let (token, user) = (guest.text("token").to_owned(), guest.text("user_id").to_owned());
        let mut visitor = Self { number, random, token, user, crowd };
        let index = visitor.random.usize(0..visitor.crowd.venues.len());
        let Some(venue) = visitor.crowd.venues.get(index).cloned() else { return };
        visitor.shop(&venue).await;
    }

    async fn shop(&mut self, venue: &Venue) {
        let pass = match venue.has_queue {
            true => match self.queue(venue).await {
                Some(pass) => Some(pass),
                None => return,
            },
            false => None,
        };
        self.think(50..300).await;
        let Some(booking) = self.reserve(venue, pass.as_deref()).await else { return };
        if self.random.u32(0..100) < 8 {
            self.crowd.offer_to_thieves(&booking);
        }
        self.steal(venue).await;
        self.think(30..500).await;
        let plan = match self.random.u32(0..100) {
            0..42 => Plan::Pay,
            42..50 => Plan::PayInTwoTabs,
            50..56 => Plan::PayAtExpiry,
            56..60 => Plan::PayAndCancel,
            60..66 => Plan::PayAndGiveUp,
            66..70 => Plan::CancelWhilePaying,
            70..76 => Plan::Decline,
            76..84 => Plan::Release,
            84..90 => Plan::Hoard,
            _ => Plan::Leave,
        };
        let plan = match self.crowd.mood() {
            Some(mood) if self.random.u32(0..100) < 70 => match mood {
                Mood::PayAtExpiry => Plan::PayAtExpiry,
                Mood::PayInTwoTabs => Plan::PayInTwoTabs,
                Mood::CancelWhilePaying => Plan::CancelWhilePaying,
            },
            _ => plan,
        };
        // Only where a hold ends soon is it worth waiting for.
        let plan = match plan {
            Plan::PayAtExpiry if venue.hold_ttl_s > 10 => Plan::Pay,
            // One reservation for each turn.
            Plan::Hoard if venue.has_queue => Plan::Pay,
            other => other,
        };
        self.go_on(venue, &booking, plan).await;
    }

    async fn go_on(&mut self, venue: &Venue, booking: &Value, plan: Plan) {
        match plan {
            Plan::Pay => {
                self.pay(booking).await;
                self.wait_for_ticket(booking).await;
            }
            Plan::PayInTwoTabs => {
                let other = self.tab();
                tokio::join!(self.pay(booking), other.pay(booking));
                self.wait_for_ticket(booking).await;
            }
            Plan::PayAtExpiry => {
                // From 30 ms before to 30 ms after, as far as clocks and a busy machine allow.
                let early_ms = 30_i64 - self.random.i64(0..60);
                let ttl_ms = i64::try_from(venue.hold_ttl_s * 1_000).unwrap_or(0);
                let wait_ms = u64::try_from(ttl_ms - early_ms - 600).unwrap_or(0);
                self.crowd.pause(wait_ms).await;
                self.pay(booking).await;
            }
            Plan::PayAndCancel => {
                self.pay(booking).await;
                if self.wait_for_ticket(booking).await {
                    self.think(100..1_500).await;
                    self.cancel(booking).await;
                }
            }
            Plan::PayAndGiveUp => {
                self.pay(booking).await;
                if self.wait_for_ticket(booking).await {
                    self.think(50..800).await;
                    let (first, second) = self.two_parts(booking);
                    let other = self.tab();
                    match self.random.u32(0..3) {
                        0 => self.give_up(booking, &first).await,
                        // Who got no answer asks again; another tab asks for more.
                        1 => {
                            let more = other.give_up(booking, &second);
                            tokio::join!(self.give_up(booking, &first), more);
                            self.give_up(booking, &first).await;
                        }
                        _ => {
                            let whole = other.cancel(booking);
                            tokio::join!(self.give_up(booking, &first), whole);
                        }
                    }
                }
            }
            Plan::CancelWhilePaying => {
                let other = self.tab();
                let pause = self.random.u64(0..120);
                tokio::join!(self.pay(booking), async {
                    self.crowd.pause(pause).await;
                    other.cancel(booking).await;
                    other.release(booking).await;
                });
            }
            Plan::Hoard => self.hoard(venue, booking).await,
            Plan::Decline => {
                self.crowd.till.decline(&self.crowd, self.payer(), booking).await;
            }
            Plan::Release => {
                self.release(booking).await;
                if self.random.bool() {
                    self.release(booking).await;
                }
            }
            Plan::Leave => {}
        }
        if matches!(plan, Plan::Leave) {
            self.crowd.probes.add(Probe::of(venue, booking));
        }
    }

    /// Reserves again and again, also when a hold is over where that is soon, and pays for
    /// everything: more than one buyer may have.
    async fn hoard(&mut self, venue: &Venue, first: &Value) {
        let mut held = vec![first.clone()];
        for _ in 1..HOARD {
            if venue.hold_ttl_s <= 10 {
                self.crowd.pause(venue.hold_ttl_s * 1_000 + 1_200).await;
            }
            held.extend(self.reserve(venue, None).await);
        }
        for booking in &held {
            self.pay(booking).await;
        }
        for booking in &held {
            self.wait_for_ticket(booking).await;
        }
    }

    /// Joins and waits; the pass, if the patience lasts.
    async fn queue(&mut self, venue: &Venue) -> Option<String> {
        let joined = if self.random.u32(0..100) < 15 {
            let other = self.tab();
            tokio::join!(self.join(venue, None), other.join(venue, None)).0
        } else {
            self.join(venue, None).await
        };
        let begun = Instant::now();
        let mut place = joined;
        let mut receipt: Option<String> = None;
        loop {
            if let Some(text) = place.body["receipt"].as_str() {
                receipt = Some(text.to_owned());
            }
            match (place.status, place.text("status")) {
                (200 | 201, "admitted") => {
                    return place.body["queue_pass"].as_str().map(str::to_owned);
                }
                (200 | 201, "expired" | "closed") | (409, _) => return None,
                _ => {}
            }
            if begun.elapsed() > PATIENCE || self.crowd.is_over() {
                return None;
            }
            if self.random.u32(0..400) == 0 {
                self.leave(venue).await;
                return None;
            }
            self.think(POLL_MS).await;
            // A place that is not there was lost, or never made: the receipt brings it back.
            place = match place.text("code") {
                "not_in_queue" => self.join(venue, receipt.as_deref()).await,
                _ if place.status == 0 || place.status >= 500 => {
                    self.join(venue, receipt.as_deref()).await
                }
                _ => self.position(venue, receipt.as_deref()).await,
            };
        }
    }

    async fn join(&self, venue: &Venue, receipt: Option<&str>) -> Answer {
        let mut body = json!({ "event_id": venue.id });
        if let (Some(receipt), Some(members)) = (receipt, body.as_object_mut()) {
            members.insert("receipt".to_owned(), receipt.into());
        }
        let facts = json!({ "event": venue.id, "user": self.user, "receipt": receipt.is_some() });
        let ask = Ask::new("join", Method::POST, "/api/v1/queue/join").token(&self.token);
        self.crowd.desk.call(self.number, ask.facts(facts).json(&body)).await
    }

    async fn position(&self, venue: &Venue, receipt: Option<&str>) -> Answer {
        let path = format!("/api/v1/queue/position/{}", venue.id);
        let facts = json!({ "event": venue.id, "user": self.user, "receipt": receipt.is_some() });
        let mut ask = Ask::new("position", Method::GET, path).token(&self.token).facts(facts);
        if let Some(receipt) = receipt {
            ask = ask.header("x-queue-receipt", receipt);
        }
        self.crowd.desk.call(self.number, ask).await
    }

    async fn leave(&self, venue: &Venue) {
        let facts = json!({ "event": venue.id, "user": self.user });
        let ask = Ask::new("leave", Method::DELETE, format!("/api/v1/queue/{}", venue.id));
        self.crowd.desk.call(self.number, ask.token(&self.token).facts(facts)).await;
    }

    /// Holds seats; asks again with the same key while the outcome is unknown, and sometimes when
    /// it is known.
    async fn reserve(&mut self, venue: &Venue, pass: Option<&str>) -> Option<Value> {
        let mut body = self.choice(venue);
        let key = format!("chaos-{}-{}", self.number, self.random.u64(..));
        let mut answer = if self.random.u32(0..100) < 6 {
            let other = self.tab();
            let pair = tokio::join!(
                self.reserve_once(venue, &body, &key, pass),
                other.reserve_once(venue, &body, &key, pass)
            );
            if pair.0.is_ok() { pair.0 } else { pair.1 }
        } else {
            self.reserve_once(venue, &body, &key, pass).await
        };
        for _ in 0..RETRIES {
            let again = answer.is_unknown() || answer.is_ok() && self.random.u32(0..100) < 12;
            if !again {
                break;
            }
            self.think(50..600).await;
            let next = self.reserve_once(venue, &body, &key, pass).await;
            if next.is_ok() || answer.is_unknown() {
                answer = next;
            }
        }
        if answer.is_ok() && self.random.u32(0..100) < 5 {
            // The same key for something else.
            body["quantity"] = json!(3);
            body["section"] = json!("FLOOR");
            if let Some(members) = body.as_object_mut() {
                members.remove("seats");
            }
            self.reserve_once(venue, &body, &key, pass).await;
        }
        answer.is_ok().then_some(answer.body)
    }

    async fn reserve_once(
        &self,
        venue: &Venue,
        body: &Value,
        key: &str,
        pass: Option<&str>,
    ) -> Answer {
        let facts = json!({ "event": venue.id, "user": self.user, "key": key, "body": body,
            "ttl_s": venue.hold_ttl_s });
        let mut ask = Ask::new("reserve", Method::POST, "/api/v1/bookings/reserve")
            .token(&self.token)
            .header("idempotency-key", key)
            .facts(facts)
            .json(body);
        if let Some(pass) = pass {
            ask = ask.header("x-queue-pass", pass);
        }
        self.crowd.desk.call(self.number, ask).await
    }

    /// What a fan asks for: named seats side by side, the best of a section, places to stand, or
    /// whatever there is.
    fn choice(&mut self, venue: &Venue) -> Value {
        let seated = (!venue.seated.is_empty())
            .then(|| venue.seated[self.random.usize(0..venue.seated.len())]);
        let standing = (!venue.standing.is_empty())
            .then(|| venue.standing[self.random.usize(0..venue.standing.len())]);
        let quantity = self.random.u32(1..=4);
        match (seated, standing, self.random.u32(0..100)) {
            (Some((section, rows, seats_per_row)), _, 0..50) => {
                let row = match self.random.u32(0..100) {
                    0..70 => self.random.u32(1..=HOT_ROWS.min(rows)),
                    _ => self.random.u32(1..=rows),
                };
                let first = self.random.u32(1..=seats_per_row + 1 - quantity);
                let seats: Vec<String> = (first..first + quantity)
                    .map(|seat| format!("{section}-{row}-{seat}"))
                    .collect();
                json!({ "event_id": venue.id, "seats": seats })
            }
            (Some((section, ..)), _, 50..70) => {
                json!({ "event_id": venue.id, "section": section, "quantity": quantity })
            }
            (Some(_), _, 70..80) => json!({ "event_id": venue.id, "quantity": quantity }),
            (_, Some(section), _) => {
                json!({ "event_id": venue.id, "section": section, "quantity": quantity })
            }
            _ => json!({ "event_id": venue.id, "quantity": quantity }),
        }
    }

    async fn pay(&self, booking: &Value) {
        self.crowd.till.pay(&self.crowd, self.payer(), booking).await;
    }

    fn payer(&self) -> Payer<'_> {
        Payer { visitor: self.number, token: &self.token, user: &self.user }
    }

    /// Looks whether the booking is confirmed.
    async fn wait_for_ticket(&mut self, booking: &Value) -> bool {
        let begun = Instant::now();
        let mut pause_ms = 150;
        loop {
            let read = self.read(booking).await;
            match read.text("status") {
                "confirmed" => return true,
                "reserved" | "" => {}
                _ => return false,
            }
            if begun.elapsed() > CONFIRM_PATIENCE || self.crowd.is_over() {
                return false;
            }
            self.think(pause_ms..pause_ms * 2).await;
            pause_ms = (pause_ms * 2).min(2_000);
        }
    }

    /// Reads the booking.
    pub(crate) async fn read(&self, booking: &Value) -> Answer {
        self.about(booking, "read", Method::GET, "").await
    }

    async fn release(&self, booking: &Value) {
        self.about(booking, "release", Method::POST, "/release").await;
    }

    async fn cancel(&self, booking: &Value) {
        self.about(booking, "cancel", Method::POST, "/cancel").await;
    }

    /// Two parts of a booking, as bodies: the first and the last seat, or a place to stand each.
    fn two_parts(&self, booking: &Value) -> (Value, Value) {
        let seats = booking["seats"].as_array().map(Vec::as_slice).unwrap_or_default();
        match (seats.first(), seats.last()) {
            (Some(first), Some(last)) => (json!({ "seats": [first] }), json!({ "seats": [last] })),
            _ => (json!({ "quantity": 1 }), json!({ "quantity": 1 })),
        }
    }

    async fn give_up(&self, booking: &Value, part: &Value) {
        self.ask_about(booking, "give_up", Method::POST, "/cancel", Some(part)).await;
    }

    /// A call about a booking.
    pub(crate) async fn about(
        &self,
        booking: &Value,
        op: &str,
        method: Method,
        verb: &str,
    ) -> Answer {
        self.ask_about(booking, op, method, verb, None).await
    }

    async fn ask_about(
        &self,
        booking: &Value,
        op: &str,
        method: Method,
        verb: &str,
        body: Option<&Value>,
    ) -> Answer {
        let id = booking["booking_id"].as_str().unwrap_or_default();
        let is_owner = booking["user_id"].as_str() == Some(&self.user);
        let mut facts = json!({ "event": booking["event_id"], "user": self.user, "booking": id,
            "is_owner": is_owner });
        let path = format!("/api/v1/bookings/{id}{verb}");
        let mut ask = Ask::new(op, method, path).token(&self.token);
        if let Some(body) = body {
            facts["seats"] = body.get("seats").cloned().unwrap_or_else(|| json!([]));
            ask = ask.json(body);
        }
        let ask = ask.facts(facts);
        self.crowd.desk.call(self.number, ask).await
    }

    /// Tries what only owners may, on somebody else's booking.
    async fn steal(&mut self, venue: &Venue) {
        if self.random.u32(0..100) >= 6 {
            return;
        }
        let Some(booking) = self.crowd.loot(&venue.id, &self.user) else { return };
        match self.random.u32(0..3) {
            0 => self.about(&booking, "steal_release", Method::POST, "/release").await,
            1 => self.about(&booking, "steal_payment", Method::POST, "/payment").await,
            _ => self.about(&booking, "steal_cancel", Method::POST, "/cancel").await,
        };
    }

    /// The same person in a second tab.
    fn tab(&self) -> Self {
        Self {
            number: self.number,
            random: Rng::with_seed(self.number),
            token: self.token.clone(),
            user: self.user.clone(),
            crowd: Arc::clone(&self.crowd),
        }
    }

    async fn think(&mut self, range_ms: std::ops::Range<u64>) {
        let ms = self.random.u64(range_ms);
        self.crowd.pause(ms).await;
    }
}
