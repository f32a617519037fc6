//! What an event's scripts decide by: the settings hash.

use std::collections::HashMap;

use domain::event::SaleSettings;
use domain::section::{Section, SectionName};
use domain::time::Instant;

use crate::call::join_names;

/// The rules of a sale in the units of the scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRules {
    /// Tickets of one buyer at most, held and bought together.
    pub max_per_buyer: i64,
    /// Life of an unpaid hold, in ms.
    pub hold_ttl_ms: i64,
    /// Whether a pass is needed to reserve.
    pub queue_enabled: bool,
    /// Passes that may be out at once.
    pub max_active: i64,
    /// Users let in per second at most.
    pub release_per_s: i64,
    /// Life of a pass, in ms.
    pub pass_ttl_ms: i64,
    /// How long a place is kept in the line for somebody who is not seen, in ms; 0 for ever.
    pub abandon_after_ms: i64,
    /// Whether newcomers may join the queue.
    pub joining: bool,
    /// What those who wait are told.
    pub message: String,
}

impl From<&SaleSettings> for SaleRules {
    fn from(sale: &SaleSettings) -> Self {
        Self {
            max_per_buyer: sale.max_per_buyer,
            hold_ttl_ms: sale.hold_ttl_s.saturating_mul(1_000),
            queue_enabled: sale.queue.enabled,
            max_active: sale.queue.max_active,
            release_per_s: sale.queue.release_per_s,
            pass_ttl_ms: sale.queue.pass_ttl_s.saturating_mul(1_000),
            abandon_after_ms: sale.queue.abandon_after_s.saturating_mul(1_000),
            joining: sale.queue.joining,
            message: sale.queue.message.clone(),
        }
    }
}

impl SaleRules {
    /// The settings fields, in no special order.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        vec![
            field("max_per_buyer", self.max_per_buyer),
            field("hold_ttl_ms", self.hold_ttl_ms),
            field("queue_enabled", i64::from(self.queue_enabled)),
            field("max_active", self.max_active),
            field("release_per_s", self.release_per_s),
            field("pass_ttl_ms", self.pass_ttl_ms),
            field("abandon_after_ms", self.abandon_after_ms),
            field("joining", i64::from(self.joining)),
            field("message", &self.message),
        ]
    }
}

/// The settings of an open event.
///
/// # Format
///
/// A hash with one field per setting; besides `capacity` (all places), `sections` and
/// `seated_sections` (names in order, separated by spaces) and `section:<name>` (the section's
/// descriptor).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// Grows with each rebuild of the event in Redis.
    pub generation: i64,
    /// Grows with each change of the settings.
    pub version: i64,
    /// Called off.
    pub cancelled: bool,
    /// Interrupted by the organiser.
    pub paused: bool,
    /// When the sale opens.
    pub on_sale_at: Instant,
    /// When the event and its sale end.
    pub ends_at: Instant,
    /// ISO 4217, upper case.
    pub currency: String,
    /// The rules of the sale.
    pub rules: SaleRules,
    /// What is sold, in order.
    pub sections: Vec<Section>,
}

impl EventSettings {
    /// All places of the event.
    pub fn capacity(&self) -> i64 {
        self.sections.iter().map(|section| i64::from(section.capacity())).sum()
    }

    /// The names of the seated sections, in order: what `any` and the sweeper need.
    pub fn seated_sections(&self) -> Vec<SectionName> {
        let seated = self.sections.iter().filter(|section| section.is_seated());
        seated.map(|section| section.name.clone()).collect()
    }

    /// All fields but `generation`, which the script that opens the event writes itself.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let names: Vec<_> = self.sections.iter().map(|section| section.name.clone()).collect();
        let mut fields = vec![
            field("version", self.version),
            field("cancelled", i64::from(self.cancelled)),
            field("paused", i64::from(self.paused)),
            field("on_sale_at_ms", self.on_sale_at.unix_ms()),
            field("ends_at_ms", self.ends_at.unix_ms()),
            field("currency", &self.currency),
            field("capacity", self.capacity()),
            field("sections", join_names(&names)),
            field("seated_sections", join_names(&self.seated_sections())),
        ];
        fields.extend(self.rules.fields());
        fields.extend(
            self.sections
                .iter()
                .map(|section| (format!("section:{}", section.name), section.descriptor())),
        );
        fields
    }

    /// Reads the hash back; `None` when a field is missing or damaged.
    pub(crate) fn from_fields(fields: &HashMap<&str, &str>) -> Option<Self> {
        let text = |name: &str| fields.get(name).copied();
        let integer = |name: &str| text(name)?.parse::<i64>().ok();
        let flag = |name: &str| Some(integer(name)? == 1);
        let instant = |name: &str| integer(name).map(Instant::from_unix_ms);
        let section = |name: &str| {
            let descriptor = text(&format!("section:{name}"))?;
            Section::from_descriptor(name.parse().ok()?, descriptor)
        };
        Some(Self {
            generation: integer("generation")?,
            version: integer("version")?,
            cancelled: flag("cancelled")?,
            paused: flag("paused")?,
            on_sale_at: instant("on_sale_at_ms")?,
            ends_at: instant("ends_at_ms")?,
            currency: text("currency")?.to_owned(),
            rules: SaleRules {
                max_per_buyer: integer("max_per_buyer")?,
                hold_ttl_ms: integer("hold_ttl_ms")?,
                queue_enabled: flag("queue_enabled")?,
                max_active: integer("max_active")?,
                release_per_s: integer("release_per_s")?,
                pass_ttl_ms: integer("pass_ttl_ms")?,
                // An event that was opened before there were these three lacks them.
                abandon_after_ms: integer("abandon_after_ms").unwrap_or(0),
                joining: text("joining") != Some("0"),
                message: text("message").unwrap_or_default().to_owned(),
            },
            sections: text("sections")?
                .split(' ')
                .filter(|name| !name.is_empty())
                .map(section)
                .collect::<Option<_>>()?,
        })
    }
}

fn field(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}
