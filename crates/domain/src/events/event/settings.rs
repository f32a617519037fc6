//! The rules of a sale and of its queue, and what changes of them.

use serde::{Deserialize, Serialize};

/// How the queue of an event lets fans in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueSettings {
    /// Whether a pass is needed to reserve.
    pub enabled: bool,
    /// Passes that may be out at once.
    pub max_active: i64,
    /// Fans let in per second at most.
    pub release_per_s: i64,
    /// Life of a pass, in seconds.
    pub pass_ttl_s: i64,
    /// How long the line waits for somebody who is not seen, in seconds; 0 for ever. The place
    /// stays until the line has passed it.
    pub abandon_after_s: i64,
    /// Whether newcomers may join; those who have a place keep it.
    pub joining: bool,
    /// What those who wait are told; empty for nothing.
    pub message: String,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            max_active: 100,
            release_per_s: 50,
            pass_ttl_s: 300,
            abandon_after_s: 300,
            joining: true,
            message: String::new(),
        }
    }
}

/// The rules of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaleSettings {
    /// Tickets of one buyer at most, held and bought together.
    pub max_per_buyer: i64,
    /// Life of an unpaid hold, in seconds.
    pub hold_ttl_s: i64,
    /// The queue.
    pub queue: QueueSettings,
}

impl Default for SaleSettings {
    fn default() -> Self {
        Self { max_per_buyer: 4, hold_ttl_s: 600, queue: QueueSettings::default() }
    }
}
/// What changes of the rules of a sale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaleChange {
    /// A new limit per buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_buyer: Option<i64>,
    /// A new life of holds, in seconds; for holds that are made from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_ttl_s: Option<i64>,
    /// What changes of the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueChange>,
}

/// What changes of how the queue lets fans in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueChange {
    /// Whether a pass is needed to reserve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// A new number of passes that may be out at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active: Option<i64>,
    /// A new rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_per_s: Option<i64>,
    /// A new life of passes, in seconds; for passes that are given from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_ttl_s: Option<i64>,
    /// A new time after which a place is abandoned, in seconds; it counts from the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandon_after_s: Option<i64>,
    /// Whether newcomers may join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joining: Option<bool>,
    /// What those who wait are told from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl SaleChange {
    /// The rules after the change.
    pub fn applied_to(&self, sale: SaleSettings) -> SaleSettings {
        let queue = self.queue.clone().unwrap_or_default();
        SaleSettings {
            max_per_buyer: self.max_per_buyer.unwrap_or(sale.max_per_buyer),
            hold_ttl_s: self.hold_ttl_s.unwrap_or(sale.hold_ttl_s),
            queue: QueueSettings {
                enabled: queue.enabled.unwrap_or(sale.queue.enabled),
                max_active: queue.max_active.unwrap_or(sale.queue.max_active),
                release_per_s: queue.release_per_s.unwrap_or(sale.queue.release_per_s),
                pass_ttl_s: queue.pass_ttl_s.unwrap_or(sale.queue.pass_ttl_s),
                abandon_after_s: queue.abandon_after_s.unwrap_or(sale.queue.abandon_after_s),
                joining: queue.joining.unwrap_or(sale.queue.joining),
                message: queue.message.unwrap_or(sale.queue.message),
            },
        }
    }
}
