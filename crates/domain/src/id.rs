//! Typed ids. The text form is the only form that leaves the system.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id")]
pub struct InvalidId {
    /// What was expected, such as `event` or `booking`.
    pub kind: &'static str,
}

macro_rules! uuid_id {
    ($(#[$docs:meta])* $name:ident, $kind:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Accepts only the canonical form (36 characters, lower case), so that one id has one
            /// spelling: in Redis keys, in tokens and in logs.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = InvalidId { kind: $kind };
                let uuid = Uuid::try_parse(text).map_err(|_| invalid)?;
                let id = Self(uuid);
                if id.to_string() == text { Ok(id) } else { Err(invalid) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

uuid_id!(
    /// An event: a UUID, version 7.
    EventId, "event"
);
uuid_id!(
    /// A user, guest or registered: a UUID, version 7.
    UserId, "user"
);
uuid_id!(
    /// A session of an account: a UUID, version 7.
    SessionId, "session"
);

/// A booking. It carries its event, so any component finds the right slot without a lookup.
///
/// # Format
///
/// `bk_` and 52 characters of base32 (`0-9a-v`, the order-keeping alphabet of RFC 4648 section 7,
/// no padding): the event's 16 bytes and 16 bytes of a UUID version 7. Bookings of one event sort
/// by the time they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookingId {
    event: EventId,
    unique: Uuid,
}

const BOOKING_PREFIX: &str = "bk_";

fn booking_encoding() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut specification = Specification::new();
        specification.symbols.push_str("0123456789abcdefghijklmnopqrstuv");
        // A fixed, valid alphabet of 32 distinct symbols; `ids_survive_the_text_form` builds it.
        specification.encoding().unwrap_or(data_encoding::BASE32HEX_NOPAD)
    });
    &ENCODING
}

impl BookingId {
    /// A booking of `event`; `unique` is a fresh UUID version 7.
    pub const fn new(event: EventId, unique: Uuid) -> Self {
        Self { event, unique }
    }

    /// What sorts before and after all bookings of `event`: no booking has either.
    pub const fn bounds(event: EventId) -> (Self, Self) {
        (Self::new(event, Uuid::nil()), Self::new(event, Uuid::max()))
    }

    /// The event this booking belongs to.
    pub const fn event(self) -> EventId {
        self.event
    }
}

impl fmt::Display for BookingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0_u8; 32];
        bytes[..16].copy_from_slice(self.event.as_uuid().as_bytes());
        bytes[16..].copy_from_slice(self.unique.as_bytes());
        write!(formatter, "{BOOKING_PREFIX}{}", booking_encoding().encode(&bytes))
    }
}

impl FromStr for BookingId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "booking" };
        let encoded = text.strip_prefix(BOOKING_PREFIX).ok_or(invalid)?;
        let bytes = booking_encoding().decode(encoded.as_bytes()).map_err(|_| invalid)?;
        let (event, unique) = bytes.split_at_checked(16).ok_or(invalid)?;
        let event = Uuid::from_slice(event).map_err(|_| invalid)?;
        let unique = Uuid::from_slice(unique).map_err(|_| invalid)?;
        Ok(Self { event: EventId::from_uuid(event), unique })
    }
}

impl Serialize for BookingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BookingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    #[test]
    fn ids_survive_the_text_form() {
        let event: EventId = EVENT.parse().unwrap();
        assert_eq!(event.to_string(), EVENT);
        let unique = Uuid::from_u128(0x0192_f0c1_ffff_7fff_8fff_0123_4567_89ab);
        let booking = BookingId::new(event, unique);
        let text = booking.to_string();
        assert_eq!(text.len(), BOOKING_PREFIX.len() + 52);
        assert!(text[3..].chars().all(|symbol| matches!(symbol, '0'..='9' | 'a'..='v')));
        assert_eq!(text.parse::<BookingId>(), Ok(booking));
        assert_eq!(booking.event(), event);
        let (before, after) = BookingId::bounds(event);
        assert!(before.to_string() < text && text < after.to_string());
        let (before, after) =
            BookingId::bounds(EventId::from_uuid(Uuid::from_u128(event.as_uuid().as_u128() + 1)));
        assert!(text < before.to_string() && text < after.to_string());
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in [
            "",
            "{}",
            "0192F0C1-2A3B-7C4D-8E5F-60718293A4B5",
            "0192f0c12a3b7c4d8e5f60718293a4b5",
            "{0192f0c1-2a3b-7c4d-8e5f-60718293a4b5}",
            "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5\n",
            "../0192f0c1",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text:?}");
        }
        let event: EventId = EVENT.parse().unwrap();
        let booking = BookingId::new(event, Uuid::from_u128(7)).to_string();
        for text in [
            booking.to_uppercase(),
            booking[3..].to_owned(),
            format!("{booking}0"),
            format!("{booking}="),
            booking[..booking.len() - 1].to_owned(),
            // The last symbol carries four bits that are not used; they must be zero.
            format!("{}v", &booking[..booking.len() - 1]),
        ] {
            assert!(text.parse::<BookingId>().is_err(), "{text:?}");
        }
    }
}
