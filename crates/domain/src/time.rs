//! Instants are milliseconds since the Unix epoch; outside they are RFC 3339 in UTC.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// In JSON it is RFC 3339 in UTC with three decimals: `2027-06-01T19:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    unix_ms: i64,
}

/// 1970-01-01T00:00:00Z: nothing of a sale is older.
const EARLIEST_MS: i64 = 0;
/// 9999-12-30T21:59:59.999Z: what a timestamp of RFC 3339 can write at every offset, and 15 digits
/// at most, which Lua keeps exactly.
const LATEST_MS: i64 = 253_402_207_199_999;

impl Instant {
    /// The instant `unix_ms` milliseconds after the epoch, kept within the years 1970 to 9999.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        let unix_ms = if unix_ms < EARLIEST_MS {
            EARLIEST_MS
        } else if unix_ms > LATEST_MS {
            LATEST_MS
        } else {
            unix_ms
        };
        Self { unix_ms }
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> i64 {
        self.unix_ms
    }

    /// Whole seconds since the epoch, as tokens carry them.
    pub const fn unix_s(self) -> i64 {
        self.unix_ms.div_euclid(1000)
    }

    /// The instant `milliseconds` later.
    #[must_use]
    pub const fn plus_ms(self, milliseconds: i64) -> Self {
        Self::from_unix_ms(self.unix_ms.saturating_add(milliseconds))
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let timestamp = Timestamp::from_millisecond(self.unix_ms).map_err(|_| std::fmt::Error)?;
        write!(formatter, "{timestamp:.3}")
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        let unix_ms = timestamp.as_millisecond();
        if (EARLIEST_MS..=LATEST_MS).contains(&unix_ms) {
            Ok(Self { unix_ms })
        } else {
            Err(serde::de::Error::custom("the year must be between 1970 and 9999"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc_with_milliseconds() {
        let instant: Instant = serde_json::from_str("\"2027-06-01T21:00:00+02:00\"").unwrap();
        assert_eq!(serde_json::to_string(&instant).unwrap(), "\"2027-06-01T19:00:00.000Z\"");
        assert_eq!(Instant::from_unix_ms(1_234).to_string(), "1970-01-01T00:00:01.234Z");
        assert_eq!(Instant::from_unix_ms(i64::MAX).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(Instant::from_unix_ms(i64::MIN).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn years_outside_of_a_sale_are_refused() {
        for text in ["\"1969-12-31T23:59:59Z\"", "\"2027-13-01T00:00:00Z\"", "\"soon\"", "17"] {
            assert!(serde_json::from_str::<Instant>(text).is_err(), "{text}");
        }
    }
}
