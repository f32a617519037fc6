//! The session of somebody who works at a door: what a browser keeps instead of the key.
//!
//! `<end in s>.<id>.<tag>`, the tag HMAC-SHA256 over the rest under the organiser's key, in hex. So
//! whoever holds the key can make and check one, another key ends them all, and nothing is stored.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::time::Instant;

/// A session lasts for so long, in s: a long day at the door, and not the next one.
pub const DOOR_SESSION_TTL_S: i64 = 12 * 60 * 60;
/// Keeps these tags apart from others under the same key.
const LABEL: &[u8] = b"boxoffice door session\n";

/// Makes and checks sessions.
#[derive(Clone)]
pub struct DoorKey(Hmac<Sha256>);

impl DoorKey {
    /// From the organiser's key.
    pub fn of(organiser_key: &str) -> Option<Self> {
        // Any length will do for this algorithm.
        Hmac::<Sha256>::new_from_slice(organiser_key.as_bytes()).ok().map(Self)
    }

    /// A new session with the name `id`, which begins `now`.
    pub fn issue(&self, id: Uuid, now: Instant) -> String {
        let ends_s = now.unix_s().saturating_add(DOOR_SESSION_TTL_S);
        let claims = format!("{ends_s}.{id}");
        let tag = self.mac(&claims).finalize().into_bytes();
        format!("{claims}.{}", HEXLOWER.encode(&tag))
    }

    /// Whether a session is one of ours and goes on.
    pub fn is_open(&self, session: &str, now: Instant) -> bool {
        let Some((claims, tag)) = session.rsplit_once('.') else { return false };
        let Ok(tag) = HEXLOWER.decode(tag.as_bytes()) else { return false };
        // In constant time.
        // mutant: anybody-is-at-the-door
        if self.mac(claims).verify_slice(&tag).is_err() {
            return false;
        }
        let ends_s = claims.split('.').next().and_then(|text| text.parse::<i64>().ok());
        // mutant: door-sessions-never-end
        ends_s.is_some_and(|ends_s| now.unix_s() < ends_s)
    }

    fn mac(&self, claims: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(LABEL);
        mac.update(claims.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_good_for_half_a_day_under_its_own_key() {
        let now = Instant::from_unix_ms(1_800_000_000_000);
        let after = |seconds: i64| now.plus_ms(seconds * 1_000);
        let key = DoorKey::of("a key of the organiser").unwrap();
        let session = key.issue(Uuid::from_u128(7), now);
        assert!(key.is_open(&session, now));
        assert!(key.is_open(&session, after(DOOR_SESSION_TTL_S - 1)));
        assert!(!key.is_open(&session, after(DOOR_SESSION_TTL_S)));
        let other = DoorKey::of("another key of the organiser").unwrap();
        assert!(!other.is_open(&session, now));
        let (claims, tag) = session.rsplit_once('.').unwrap();
        let (ends_s, id) = claims.split_once('.').unwrap();
        let later = ends_s.parse::<i64>().unwrap() + 1;
        for forged in [
            String::new(),
            claims.to_owned(),
            format!("{claims}."),
            format!("{claims}.{}", &tag[2..]),
            format!("{claims}.{}", tag.to_uppercase()),
            format!("{later}.{id}.{tag}"),
            format!("{ends_s}.{}.{tag}", Uuid::from_u128(8)),
        ] {
            assert!(!key.is_open(&forged, now), "{forged}");
        }
    }
}
