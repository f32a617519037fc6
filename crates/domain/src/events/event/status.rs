//! Where the sale of an event stands.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// Where the sale of an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// The sale opens later.
    Scheduled,
    /// Seats can be reserved.
    OnSale,
    /// Interrupted by the organiser.
    Paused,
    /// Every seat and unit is sold.
    SoldOut,
    /// The event is over.
    Ended,
    /// The organiser called it off.
    Cancelled,
}

/// What decides the status of an event.
#[derive(Debug, Clone, Copy)]
pub struct SaleState {
    /// Called off.
    pub cancelled: bool,
    /// Interrupted.
    pub paused: bool,
    /// Every seat and unit is sold.
    pub sold_out: bool,
    /// When the sale opens.
    pub on_sale_at: Instant,
    /// When the event and its sale end.
    pub ends_at: Instant,
}

impl SaleState {
    /// The status at `now`. What is final outranks what can change.
    pub fn status(&self, now: Instant) -> EventStatus {
        if self.cancelled {
            EventStatus::Cancelled
        } else if now >= self.ends_at {
            EventStatus::Ended
        } else if self.paused {
            EventStatus::Paused
        } else if now < self.on_sale_at {
            EventStatus::Scheduled
        } else if self.sold_out {
            EventStatus::SoldOut
        } else {
            EventStatus::OnSale
        }
    }
}
