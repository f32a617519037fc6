//! Key to slot: CRC16 of the key, or of its hash tag, modulo 16384.

/// How many slots a cluster has. Fixed by the protocol.
pub(crate) const SLOT_COUNT: u16 = 16_384;

/// Polynomial of CRC-16/XMODEM: x^16 + x^12 + x^5 + 1.
const POLYNOMIAL: u16 = 0x1021;

/// One of the 16384 parts of the key space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u16);

impl Slot {
    /// The slot with this number, if there is one.
    pub(crate) fn new(number: u16) -> Option<Self> {
        (number < SLOT_COUNT).then_some(Self(number))
    }

    /// The slot of a key.
    pub(crate) fn of(key: &str) -> Self {
        Self(crc16(hash_tag(key).as_bytes()) % SLOT_COUNT)
    }

    /// Its number, below [`SLOT_COUNT`].
    pub(crate) fn number(self) -> u16 {
        self.0
    }
}

/// What is hashed: the text between the first `{` and the first `}` after it, when there is any
/// text between them; else the whole key.
fn hash_tag(key: &str) -> &str {
    let Some((_, after_brace)) = key.split_once('{') else {
        return key;
    };
    match after_brace.split_once('}') {
        Some((tag, _)) if !tag.is_empty() => tag,
        _ => key,
    }
}

/// CRC-16/XMODEM, bit by bit: a key is tens of bytes, a table would cost more than it saves.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_the_one_of_the_cluster_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(crc16(b""), 0);
    }

    /// Slots as `CLUSTER KEYSLOT` of Redis 7 gives them.
    #[test]
    fn keys_land_where_redis_puts_them() {
        for (key, slot) in [("foo", 12182), ("bar", 5061), ("123456789", 12739), ("", 0)] {
            assert_eq!(Slot::of(key).number(), slot, "{key}");
        }
    }

    #[test]
    fn keys_with_one_hash_tag_share_a_slot() {
        assert_eq!(Slot::of("box:{event-1}:queue"), Slot::of("event-1"));
        assert_eq!(Slot::of("box:{event-1}:queue"), Slot::of("box:{event-1}:map:A"));
        assert_eq!(Slot::of("foo{bar}{zap}"), Slot::of("bar"));
    }

    #[test]
    fn an_empty_or_unclosed_tag_is_no_tag() {
        assert_eq!(hash_tag("foo{}{bar}"), "foo{}{bar}");
        assert_eq!(hash_tag("foo{bar"), "foo{bar");
        assert_eq!(hash_tag("foo}bar{"), "foo}bar{");
    }

    #[test]
    fn nested_braces_end_at_the_first_closing_one() {
        assert_eq!(hash_tag("foo{{bar}}zap"), "{bar");
        assert_eq!(Slot::of("foo{{bar}}zap"), Slot::of("{bar"));
    }

    #[test]
    fn only_16384_slots_exist() {
        assert_eq!(Slot::new(16_383).map(Slot::number), Some(16_383));
        assert_eq!(Slot::new(16_384), None);
    }
}
