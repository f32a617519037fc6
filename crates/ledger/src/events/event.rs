//! An event as the ledger keeps it.

use domain::event::{SaleSettings, SaleState};
use domain::id::EventId;
use domain::section::Section;
use domain::time::Instant;
use serde::Deserialize;

use crate::row::instant;

/// An event as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredEvent {
    /// The event.
    pub id: EventId,
    /// Its title.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Where it takes place.
    pub venue: String,
    /// The zone in which people are told its times.
    pub time_zone: String,
    /// Doors.
    #[serde(rename = "starts_at_ms", deserialize_with = "instant")]
    pub starts_at: Instant,
    /// The end; nothing is sold after it.
    #[serde(rename = "ends_at_ms", deserialize_with = "instant")]
    pub ends_at: Instant,
    /// When the sale opens.
    #[serde(rename = "on_sale_at_ms", deserialize_with = "instant")]
    pub on_sale_at: Instant,
    /// When the event was created.
    #[serde(rename = "created_at_ms", deserialize_with = "instant")]
    pub created_at: Instant,
    /// ISO 4217, upper case.
    pub currency: String,
    /// How it is sold.
    pub sale: SaleSettings,
    /// Whether the organiser has stopped the sale for now.
    pub paused: bool,
    /// Whether the event is cancelled; for good.
    pub cancelled: bool,
    /// Whether a ticket of every unit was sold when this was last looked at, see
    /// [`mark_sold_out`](crate::mark_sold_out).
    pub sold_out: bool,
    /// The number of the event's present life in Redis; it only grows.
    pub generation: i64,
    /// Grows with each change of what Redis decides by.
    pub settings_version: i64,
    /// Grows with each change of the sections.
    pub sections_version: i64,
    /// What is published of the draw's seed, in hex.
    pub draw_commitment: String,
    /// How many numbers are drawn for, once that is decided.
    pub draw_count: Option<u32>,
    /// Units of all sections.
    pub capacity: u64,
    /// In the order in which the organiser gave them.
    pub sections: Vec<Section>,
}

impl StoredEvent {
    /// What decides the status of the event.
    pub fn sale_state(&self) -> SaleState {
        SaleState {
            cancelled: self.cancelled,
            paused: self.paused,
            sold_out: self.sold_out,
            on_sale_at: self.on_sale_at,
            ends_at: self.ends_at,
        }
    }
}
