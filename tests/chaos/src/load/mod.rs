//! The load: fans who come, wait, buy, change their minds and misbehave, steadily for a whole run.

pub mod desk;
pub mod forger;
pub mod probe;
pub mod till;
pub mod venue;
mod visitor;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::load::desk::Desk;
use crate::load::probe::Probes;
use crate::load::till::Till;
use crate::load::venue::Venue;
use crate::load::visitor::Visitor;

/// Fans at a time. With their pauses they make some 60 requests a second: two busy processors also
/// run eight servers, the application and the checks.
const FANS: u64 = 28;
/// The first fans come one after the other over this time.
const ARRIVAL: Duration = Duration::from_secs(3);
/// Other fans' bookings that thieves know of.
const LOOT_MAX: usize = 40;

/// What most fans do for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// They pay when their hold ends.
    PayAtExpiry,
    /// They pay in two tabs.
    PayInTwoTabs,
    /// They cancel while they pay.
    CancelWhilePaying,
}

/// What all fans share.
pub struct Crowd {
    /// The counter.
    pub desk: Desk,
    /// The events.
    pub venues: Vec<Venue>,
    /// Where one pays.
    pub till: Till,
    /// Abandoned holds to look at later.
    pub probes: Probes,
    loot: Mutex<Vec<Value>>,
    mood: Mutex<Option<Mood>>,
    is_over: AtomicBool,
}

impl Crowd {
    /// A crowd before the doors.
    pub fn new(desk: Desk, venues: Vec<Venue>, till: Till) -> Arc<Self> {
        let (probes, loot) = (Probes::default(), Mutex::default());
        let (mood, is_over) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { desk, venues, till, probes, loot, mood, is_over })
    }

    /// Lets fans come until [`Crowd::close`], and returns when the last has gone. What a fan does
    /// depends on `seed` and the fan's number alone.
    pub async fn run(self: Arc<Self>, seed: u64) {
        let mut fans = JoinSet::new();
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            let random = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
            fans.spawn(Visitor::visit(Arc::clone(&self), number, random));
            if number < FANS {
                self.pause(u64::try_from(ARRIVAL.as_millis()).unwrap_or(0) / FANS).await;
            } else {
                fans.join_next().await;
            }
        }
        while fans.join_next().await.is_some() {}
    }

    /// No new fans; those inside finish what they do.
    pub fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether the doors are closed.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// From now on most fans do this.
    pub fn set_mood(&self, mood: Option<Mood>) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    pub(crate) fn mood(&self) -> Option<Mood> {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn pause(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// A booking that its owner talks about too loudly.
    pub(crate) fn offer_to_thieves(&self, booking: &Value) {
        let mut loot = self.loot.lock().unwrap_or_else(PoisonError::into_inner);
        if loot.len() == LOOT_MAX {
            loot.remove(0);
        }
        loot.push(booking.clone());
    }

    /// A booking of somebody else.
    pub(crate) fn loot(&self, event: &str, user: &str) -> Option<Value> {
        let loot = self.loot.lock().unwrap_or_else(PoisonError::into_inner);
        let found = loot.iter().rev().find(|it| {
            it["event_id"].as_str() == Some(event) && it["user_id"].as_str() != Some(user)
        });
        found.cloned()
    }
}
