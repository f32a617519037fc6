//! What an organiser asks for: a new event, or a change of one.

use serde::{Deserialize, Serialize};

use super::settings::{SaleChange, SaleSettings};
use crate::section::{Section, SectionName};
use crate::time::Instant;
use crate::time_zone::DEFAULT_TIME_ZONE;

/// The body of `POST /api/v1/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// What is on.
    pub name: String,
    /// More words about it.
    #[serde(default)]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub venue: String,
    /// The zone of the IANA database in which people are told its times.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends; the sale ends with it.
    pub ends_at: Instant,
    /// When the sale opens; now when left out.
    #[serde(default)]
    pub on_sale_at: Option<Instant>,
    /// ISO 4217, upper case.
    pub currency: String,
    /// What is sold.
    pub sections: Vec<Section>,
    /// The rules of the sale.
    #[serde(default)]
    pub sale: SaleSettings,
}

fn default_time_zone() -> String {
    DEFAULT_TIME_ZONE.to_owned()
}

/// The body of `PUT /api/v1/events/{id}`: what is left out stays as it is. What cannot be changed
/// is refused, not ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventChange {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A new venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// A new time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// A new beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Instant>,
    /// A new end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Instant>,
    /// A new opening of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_sale_at: Option<Instant>,
    /// New rules of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<SaleChange>,
    /// Whether the sale is interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Changed sections, by their names; those that are not named stay as they are.
    #[serde(skip_serializing)]
    pub sections: Option<Vec<SectionChange>>,
}

/// What changes of a section. What is not a change may be named too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionChange {
    /// The section.
    pub name: SectionName,
    /// Its kind, `seated` or `standing`, which never changes.
    #[serde(default)]
    pub kind: Option<String>,
    /// A new price, for reservations that are made from then on.
    #[serde(default)]
    pub price: Option<i64>,
    /// Places of a standing section.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// Rows of a seated section: more than now, or as many.
    #[serde(default)]
    pub rows: Option<u32>,
    /// Seats in each row of a seated section, which never change.
    #[serde(default)]
    pub seats_per_row: Option<u32>,
}
