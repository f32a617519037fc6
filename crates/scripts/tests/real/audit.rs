//! What must hold after every step, checked on the raw keys.

use std::collections::{BTreeMap, HashMap};

use cluster::Reply;
use domain::booking::Booking;
use domain::id::{BookingId, UserId};
use domain::section::SectionKind;
use scripts::{EventOutcome, EventState, Hold, SeatCounts, keys};

use crate::stage::{DEADLINE, Stage};

impl Stage {
    /// The event as `read_event` tells it; `None` when it is not open.
    pub(crate) async fn state(&self) -> Option<EventState> {
        match scripts::read_event(&self.cluster, self.event, DEADLINE).await.unwrap() {
            EventOutcome::Found(state) => Some(*state),
            EventOutcome::EventMissing => None,
        }
    }

    /// Checks that settings, counts, maps, holders, holds, expiry and buyers agree.
    pub(crate) async fn audit(&self) {
        let Some(state) = self.state().await else { return };
        let holds = self.stored_holds().await;
        let holders = self.texts(&keys::holders(self.event), "HGETALL", &[]).await;
        let holders: BTreeMap<String, String> = pairs(holders).collect();

        let mut total = SeatCounts { available: 0, held: 0, sold: 0 };
        for (section, counts) in state.settings.sections.iter().zip(&state.sections) {
            assert!(counts.available >= 0 && counts.held >= 0 && counts.sold >= 0, "{counts:?}");
            let sum = counts.available + counts.held + counts.sold;
            assert_eq!(sum, i64::from(section.capacity()), "places of {}", section.name);
            total.available += counts.available;
            total.held += counts.held;
            total.sold += counts.sold;
            let held = holds.values().filter(|hold| hold.section == section.name);
            let held: i64 = held.map(|hold| i64::from(hold.quantity)).sum();
            assert_eq!(counts.held, held, "held places of {}", section.name);
            if let SectionKind::Seated { .. } = section.kind {
                let key = keys::map(self.event, &section.name);
                let map = self.texts(&key, "GET", &[]).await.remove(0);
                self.audit_map(section.name.as_str(), &map, counts, &holds, &holders);
            }
        }
        assert_eq!(state.total, total, "places of the event");
        assert_eq!(state.settings.capacity(), total.available + total.held + total.sold);
        self.audit_holders(&holds, &holders);
        self.audit_expiry(&holds).await;
        self.audit_buyers(&holds).await;
    }

    /// Each seat of the map is what the counts and the holders say.
    fn audit_map(
        &self,
        section: &str,
        map: &str,
        counts: &SeatCounts,
        holds: &HashMap<BookingId, Booking>,
        holders: &BTreeMap<String, String>,
    ) {
        let count = |state| i64::try_from(map.matches(state).count()).unwrap();
        let counted = SeatCounts { available: count('.'), held: count('h'), sold: count('s') };
        assert_eq!(counted, *counts, "map of {section}: {map}");
        for (row, seats) in map.split('/').enumerate() {
            for (number, state) in seats.chars().enumerate() {
                let seat = format!("{section}-{}-{}", row + 1, number + 1);
                let holder = holders.get(&seat).map(|id| id.parse::<BookingId>().unwrap());
                let hold = holder.and_then(|booking| holds.get(&booking));
                match state {
                    '.' => assert_eq!(holder, None, "{seat} is free"),
                    'h' => assert!(hold.unwrap().seat_labels().contains(&seat), "{seat}"),
                    's' => assert!(holder.is_some() && hold.is_none(), "{seat} is sold"),
                    other => panic!("{seat} is {other}"),
                }
            }
        }
    }

    /// Each seat of each hold has it as holder.
    fn audit_holders(
        &self,
        holds: &HashMap<BookingId, Booking>,
        holders: &BTreeMap<String, String>,
    ) {
        for (booking, hold) in holds {
            let mut fields = hold.seat_labels();
            if fields.is_empty() {
                fields.push(format!("{}-{booking}", hold.section));
            }
            for field in fields {
                assert_eq!(holders.get(&field), Some(&booking.to_string()), "holder of {field}");
            }
        }
    }

    async fn audit_expiry(&self, holds: &HashMap<BookingId, Booking>) {
        let mut due = self.texts(&keys::expiry(self.event), "ZRANGE", &["0", "-1"]).await;
        let mut unresolved: Vec<_> = holds.keys().map(BookingId::to_string).collect();
        due.sort();
        unresolved.sort();
        assert_eq!(due, unresolved, "every hold ends, nothing else does");
    }

    /// Each buyer has as many tickets as holds and sales say.
    async fn audit_buyers(&self, holds: &HashMap<BookingId, Booking>) {
        let buyers = self.texts(&keys::buyers(self.event), "HGETALL", &[]).await;
        for (user, tickets) in pairs(buyers) {
            let user: UserId = user.parse().unwrap();
            let held = holds.values().filter(|hold| hold.user_id == user);
            let held: i64 = held.map(|hold| i64::from(hold.quantity)).sum();
            let bought = self.bought.get(&user).copied().unwrap_or(0);
            assert_eq!(tickets, (held + bought).to_string(), "tickets of {user}");
        }
    }

    pub(crate) async fn stored_holds(&self) -> HashMap<BookingId, Booking> {
        let bookings = self.texts(&keys::bookings(self.event), "HGETALL", &[]).await;
        let parse = |(booking, hold): (String, String)| {
            let booking = booking.parse().unwrap();
            (booking, Hold::parse(booking, &hold).unwrap().booking)
        };
        pairs(bookings).map(parse).collect()
    }

    /// One plain command whose reply is texts.
    pub(crate) async fn texts(&self, key: &str, command: &str, words: &[&str]) -> Vec<String> {
        let text = |reply: &Reply| reply.text().expect("a text").to_owned();
        self.raw(key, command, words).await.iter().map(text).collect()
    }
}

fn pairs(words: Vec<String>) -> impl Iterator<Item = (String, String)> {
    let pair = |two: &[String]| (two[0].clone(), two[1].clone());
    words.chunks(2).map(pair).collect::<Vec<_>>().into_iter()
}
