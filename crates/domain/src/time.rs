//! Instants are milliseconds since the Unix epoch; outside they are RFC 3339 in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
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
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text is not an instant of RFC 3339, or not one of the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid time of RFC 3339 from 1970 to 9999")]
pub struct InvalidInstant;

impl std::str::FromStr for Instant {
    type Err = InvalidInstant;

    /// Reads exactly the `date-time` of RFC 3339, section 5.6, whose letters may be small. What a
    /// library reads besides (blanks, zones by name, hours alone, offsets of a day) is refused: a
    /// text that two programs read differently is no time.
    ///
    /// Fractions of a millisecond are cut off. A leap second is read as the second after it, and
    /// only where there can be one: at the end of June and December, in UTC.
    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let mut reader = Reader(text.as_bytes());
        let unix_ms = reader.date_time().filter(|_| reader.0.is_empty()).ok_or(InvalidInstant)?;
        if (EARLIEST_MS..=LATEST_MS).contains(&unix_ms) {
            Ok(Self { unix_ms })
        } else {
            Err(InvalidInstant)
        }
    }
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Reads a text from its beginning; it holds what is left.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn date_time(&mut self) -> Option<i64> {
        let year = i16::try_from(self.digits(4, 9_999)?).ok()?;
        self.sign(b"-")?;
        let month = i8::try_from(self.digits(2, 12)?).ok()?;
        self.sign(b"-")?;
        let day = i8::try_from(self.digits(2, 31)?).ok()?;
        self.sign(b"Tt")?;
        let hour = self.digits(2, 23)?;
        self.sign(b":")?;
        let minute = self.digits(2, 59)?;
        self.sign(b":")?;
        let second = self.digits(2, 60)?;
        let fraction_ms = self.fraction_ms()?;
        let offset_ms = self.offset_ms()?;
        // Refuses days that the month does not have.
        let midnight = Date::new(year, month, day).ok()?.to_zoned(TimeZone::UTC).ok()?;
        let clock_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
        let unix_ms = midnight.timestamp().as_millisecond() + clock_ms - offset_ms;
        if second == 60 {
            let after = Timestamp::from_millisecond(unix_ms).ok()?.to_zoned(TimeZone::UTC);
            let ends_a_half = matches!((after.month(), after.day()), (1 | 7, 1));
            return (ends_a_half && after.time() == Time::midnight()).then_some(unix_ms);
        }
        Some(unix_ms + fraction_ms)
    }

    /// One of these bytes.
    fn sign(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        allowed.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number of exactly so many digits.
    fn digits(&mut self, count: usize, most: i64) -> Option<i64> {
        let (text, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for byte in text {
            number = number * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.0 = rest;
        (number <= most).then_some(number)
    }

    /// Nothing, or a point and at least one digit.
    fn fraction_ms(&mut self) -> Option<i64> {
        if self.sign(b".").is_none() {
            return Some(0);
        }
        let mut fraction_ms = self.digits(1, 9)? * 100;
        let mut unit_ms = 10;
        while let Some(digit) = self.digits(1, 9) {
            fraction_ms += digit * unit_ms;
            unit_ms /= 10;
        }
        Some(fraction_ms)
    }

    /// `Z`, or hours and minutes with a sign.
    fn offset_ms(&mut self) -> Option<i64> {
        let direction = match self.sign(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hour = self.digits(2, 23)?;
        self.sign(b":")?;
        let minute = self.digits(2, 59)?;
        Some(direction * (hour * HOUR_MS + minute * MINUTE_MS))
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
    fn a_time_is_read_as_rfc_3339_writes_it_and_no_wider() {
        for (text, written) in [
            ("2027-06-01T19:00:00Z", "2027-06-01T19:00:00.000Z"),
            ("2027-06-01t19:00:00z", "2027-06-01T19:00:00.000Z"),
            ("2027-06-01T19:00:00.5+00:00", "2027-06-01T19:00:00.500Z"),
            ("2027-06-01T19:00:00.123456789012Z", "2027-06-01T19:00:00.123Z"),
            ("2027-06-01T19:00:00-00:00", "2027-06-01T19:00:00.000Z"),
            ("2027-06-01T19:00:00+23:59", "2027-05-31T19:01:00.000Z"),
            ("2027-06-01T19:00:00-23:59", "2027-06-02T18:59:00.000Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.000Z"),
            ("2015-06-30T23:59:60Z", "2015-07-01T00:00:00.000Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ] {
            let read = text.parse::<Instant>().map(|instant| instant.to_string());
            assert_eq!(read.as_deref(), Ok(written), "{text}");
        }
        for text in [
            "2027-06-01T19:00:00+25:00",
            "2027-06-01T19:00:00+24:00",
            "2027-06-01T19:00:00+10:60",
            "2027-06-01T19:00:00+0200",
            "2027-06-01T19:00:00+02",
            "2027-06-01T19:00:00+2:00",
            "2027-06-01T19:00:00+02:00:00",
            "2027-06-01T19:00:00\u{2212}02:00",
            "2027-06-01T24:00:00Z",
            "2027-06-01T19:60:00Z",
            "2027-06-01T19:00:60Z",
            "2027-06-01T23:59:60Z",
            "2027-06-30T23:59:60+01:00",
            "2027-06-01T19:00:61Z",
            "2027-06-01T19:00:00",
            "2027-06-01T19:00Z",
            "2027-06-01",
            "2027-06-01T19Z",
            "2027-06-01 19:00:00Z",
            "2027-06-01_19:00:00Z",
            "20270601T190000Z",
            "2027-6-1T19:00:00Z",
            "2027-06-01T19:00:00.Z",
            "2027-06-01T19:00:00,5Z",
            "2027-06-01T19:00:00Z[UTC]",
            "2027-06-01T19:00:00[Europe/Berlin]",
            "2027-06-01T19:00:00+02:00[Europe/Berlin]",
            " 2027-06-01T19:00:00Z",
            "2027-06-01T19:00:00Z ",
            "2027-06-01T19:00:00Z\n",
            "",
            "+2027-06-01T19:00:00Z",
            "-002027-06-01T19:00:00Z",
            "+012027-06-01T19:00:00Z",
            "12027-06-01T19:00:00Z",
            "2027-02-29T00:00:00Z",
            "2027-04-31T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-01-00T00:00:00Z",
            "2027-W22-2T19:00:00Z",
            "2027-152T19:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "２027-06-01T19:00:00Z",
            "2027-06-01T19:00:00ZZ",
            "1800000000",
        ] {
            assert_eq!(text.parse::<Instant>(), Err(InvalidInstant), "{text:?}");
        }
    }

    #[test]
    fn years_outside_of_a_sale_are_refused() {
        for text in ["\"1969-12-31T23:59:59Z\"", "\"2027-13-01T00:00:00Z\"", "\"soon\"", "17"] {
            assert!(serde_json::from_str::<Instant>(text).is_err(), "{text}");
        }
    }
}
