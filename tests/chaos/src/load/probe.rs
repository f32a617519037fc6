//! Abandoned holds, looked at when their time is over.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::load::venue::Venue;

/// An abandoned hold must be free this long after its time, as promised.
pub const FREE_AFTER: Duration = Duration::from_secs(5);
/// What a busy machine may add: the sweeper runs each second and shares two processors with the
/// whole system, the load and the checks.
pub const BUSY_MARGIN: Duration = Duration::from_secs(2);

/// A hold that nobody will pay.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The event.
    pub event: String,
    /// The booking.
    pub booking: String,
    /// Places it has in `holders`.
    pub places: Vec<String>,
    /// When it must be free.
    pub due: Instant,
}

impl Probe {
    /// The probe of a booking that was held just now.
    pub(crate) fn of(venue: &Venue, booking: &Value) -> Self {
        let text = |member: &str| booking[member].as_str().unwrap_or_default().to_owned();
        let seats = booking["seats"].as_array().cloned().unwrap_or_default();
        let mut places: Vec<String> =
            seats.iter().filter_map(|seat| seat.as_str().map(str::to_owned)).collect();
        if places.is_empty() {
            places.push(format!("{}-{}", text("section"), text("booking_id")));
        }
        let due = Instant::now() + Duration::from_secs(venue.hold_ttl_s) + FREE_AFTER + BUSY_MARGIN;
        Self { event: text("event_id"), booking: text("booking_id"), places, due }
    }
}

/// Probes that wait for their time.
#[derive(Debug, Default)]
pub struct Probes(Mutex<Vec<Probe>>);

impl Probes {
    /// Adds one.
    pub fn add(&self, probe: Probe) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(probe);
    }

    /// Takes those that are due.
    pub fn due(&self) -> Vec<Probe> {
        let now = Instant::now();
        let mut probes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, later) = probes.drain(..).partition(|probe| probe.due <= now);
        *probes = later;
        due
    }
}
