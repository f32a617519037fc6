//! What an event's scripts decide by: the settings hash.

use std::collections::HashMap;

use domain::event::{Buyers, SaleSettings};
use domain::section::{Section, SectionName};
use domain::time::Instant;

use crate::call::join_names;

/// Makes [`SaleRules`], and what writes and reads its fields of the settings hash. Each rule is
/// `name: type = where it comes from;`, and its field has its name.
macro_rules! sale_rules {
    ($sale:ident: $($(#[$documentation:meta])* $rule:ident: $kind:ty = $source:expr;)*) => {
        /// The rules of a sale in the units of the scripts.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct SaleRules {
            $($(#[$documentation])* pub $rule: $kind,)*
        }

        impl From<&SaleSettings> for SaleRules {
            fn from($sale: &SaleSettings) -> Self {
                Self { $($rule: $source,)* }
            }
        }

        impl SaleRules {
            /// The settings fields, in no special order.
            pub(crate) fn fields(&self) -> Vec<(String, String)> {
                vec![$((stringify!($rule).to_owned(), self.$rule.to_field()),)*]
            }

            /// Reads the fields back; `None` when one is missing or damaged.
            fn from_fields(fields: &HashMap<&str, &str>) -> Option<Self> {
                Some(Self { $($rule: <$kind>::from_field(fields.get(stringify!($rule))?)?,)* })
            }
        }
    };
}

sale_rules! { sale:
    /// Tickets of one buyer at most, held and bought together.
    max_per_buyer: i64 = sale.max_per_buyer;
    /// Life of an unpaid hold, in ms.
    hold_ttl_ms: i64 = sale.hold_ttl_s.saturating_mul(1_000);
    /// Whether joining and reserving need an account.
    registered_only: bool = sale.buyers == Buyers::Registered;
    /// Whether a pass is needed to reserve.
    queue_enabled: bool = sale.queue.enabled;
    /// Passes that may be out at once.
    max_active: i64 = sale.queue.max_active;
    /// Users let in per second at most.
    release_per_s: i64 = sale.queue.release_per_s;
    /// Life of a pass, in ms.
    pass_ttl_ms: i64 = sale.queue.pass_ttl_s.saturating_mul(1_000);
    /// How long a place is kept in the line for somebody who is not seen, in ms; 0 for ever.
    abandon_after_ms: i64 = sale.queue.abandon_after_s.saturating_mul(1_000);
    /// Whether newcomers may join the queue.
    joining: bool = sale.queue.joining;
    /// What those who wait are told.
    message: String = sale.queue.message.clone();
}

/// A value as a field of a hash.
trait Field: Sized {
    fn to_field(&self) -> String;
    fn from_field(text: &str) -> Option<Self>;
}

impl Field for i64 {
    fn to_field(&self) -> String {
        self.to_string()
    }

    fn from_field(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for bool {
    fn to_field(&self) -> String {
        i64::from(*self).to_field()
    }

    fn from_field(text: &str) -> Option<Self> {
        i64::from_field(text).map(|integer| integer == 1)
    }
}

impl Field for String {
    fn to_field(&self) -> String {
        self.clone()
    }

    fn from_field(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// The settings of an open event.
///
/// # Format
///
/// A hash with one field per setting; besides `capacity` (all seats), `sections` and
/// `seated_sections` (names in order, separated by spaces) and `section:<name>` (the section's
/// descriptor).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// Grows with each rebuild of the event in Redis.
    pub generation: i64,
    /// Grows with each change of the settings.
    pub version: i64,
    /// Grows with each change of the sections; 0 where an older release has opened the event.
    pub sections_version: i64,
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
    /// The most that one reservation may cost, in minor units of the currency.
    pub amount_max: i64,
    /// The rules of the sale.
    pub rules: SaleRules,
    /// What is sold, in order.
    pub sections: Vec<Section>,
}

impl EventSettings {
    /// All seats of the event.
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
            field("sections_version", self.sections_version),
            field("cancelled", i64::from(self.cancelled)),
            field("paused", i64::from(self.paused)),
            field("on_sale_at_ms", self.on_sale_at.unix_ms()),
            field("ends_at_ms", self.ends_at.unix_ms()),
            field("currency", &self.currency),
            field("amount_max", self.amount_max),
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
        let integer = |name: &str| i64::from_field(text(name)?);
        let flag = |name: &str| bool::from_field(text(name)?);
        let instant = |name: &str| integer(name).map(Instant::from_unix_ms);
        let section = |name: &str| {
            let descriptor = text(&format!("section:{name}"))?;
            Section::from_descriptor(name.parse().ok()?, descriptor)
        };
        Some(Self {
            generation: integer("generation")?,
            version: integer("version")?,
            sections_version: integer("sections_version").unwrap_or(0),
            cancelled: flag("cancelled")?,
            paused: flag("paused")?,
            on_sale_at: instant("on_sale_at_ms")?,
            ends_at: instant("ends_at_ms")?,
            currency: text("currency")?.to_owned(),
            // An event that an earlier release opened has none.
            amount_max: integer("amount_max").unwrap_or(i64::MAX),
            rules: SaleRules::from_fields(&with_defaults(fields))?,
            sections: text("sections")?
                .split(' ')
                .filter(|name| !name.is_empty())
                .map(section)
                .collect::<Option<_>>()?,
        })
    }
}

/// The fields with those that an event of an earlier release does not have.
fn with_defaults<'a>(fields: &HashMap<&'a str, &'a str>) -> HashMap<&'a str, &'a str> {
    let mut fields = fields.clone();
    fields.entry("registered_only").or_insert("0");
    fields
}

fn field(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}
