//! Time zones: where an event takes place decides how its times are written for people.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::time::Instant;

/// The zone of an event that names none.
pub const DEFAULT_TIME_ZONE: &str = "UTC";

/// An instant as clocks in a zone show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// Date and time of the day.
    pub date_time: DateTime,
    /// How people call the zone at that moment, for example `CEST` or `-03`.
    pub abbreviation: String,
}

/// Whether this is the name of a zone, as the IANA database writes it: `Europe/Berlin`.
pub fn is_time_zone(name: &str) -> bool {
    // Not every spelling that a library understands: one zone has one name.
    zone(name).is_some_and(|zone| zone.iana_name() == Some(name))
}

/// The instant as clocks in the zone `name` show it; in UTC when there is no such zone.
pub fn local_time(at: Instant, name: &str) -> LocalTime {
    let zone = zone(name).unwrap_or(TimeZone::UTC);
    let timestamp = Timestamp::from_millisecond(at.unix_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    let info = zone.to_offset_info(timestamp);
    LocalTime {
        date_time: info.offset().to_datetime(timestamp),
        abbreviation: info.abbreviation().to_owned(),
    }
}

/// From the database in the program: a guest has none in its files, and answers must not depend
/// on the machine.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_one_name() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"] {
            assert!(is_time_zone(name), "{name}");
        }
        for name in [
            "",
            "europe/berlin",
            "Berlin",
            "Europe/Atlantis",
            "+02:00",
            "CET-1CEST",
            "../UTC",
            " UTC",
        ] {
            assert!(!is_time_zone(name), "{name:?}");
        }
    }

    #[test]
    fn clocks_show_summer_and_winter() {
        for (utc, zone, shown, abbreviation) in [
            ("2027-07-01T18:00:00Z", "Europe/Berlin", "2027-07-01T20:00:00", "CEST"),
            ("2027-12-31T23:30:00Z", "Europe/Berlin", "2028-01-01T00:30:00", "CET"),
            ("2027-07-01T18:00:00Z", "Asia/Kolkata", "2027-07-01T23:30:00", "IST"),
            ("2027-07-01T18:00:00Z", "nowhere", "2027-07-01T18:00:00", "UTC"),
        ] {
            let Ok(at) = utc.parse() else { panic!("{utc}") };
            let local = local_time(at, zone);
            assert_eq!(
                (local.date_time.to_string().as_str(), local.abbreviation.as_str()),
                (shown, abbreviation)
            );
        }
    }
}
