//! How often those poll who do as they are told, against a client that polls every half second.

use domain::queue::poll_after_ms;

/// A common choice where nobody tells, in requests per minute.
const FIXED_PER_MINUTE: f64 = 120.0;

/// For a few waits: requests per minute over the whole of it, both ways, and how many times fewer.
pub(crate) fn rows() -> Vec<[String; 4]> {
    [30, 120, 600, 1_800, 3_600]
        .map(|wait_s| {
            let per_minute = f64::from(polls(wait_s)) * 60.0 / f64::from(wait_s);
            [
                format!("{wait_s} s"),
                format!("{per_minute:.1}"),
                format!("{FIXED_PER_MINUTE:.1}"),
                format!("{:.0}x", FIXED_PER_MINUTE / per_minute),
            ]
        })
        .to_vec()
}

/// Requests of one fan who waits so long at a steady pace and asks again when told to.
fn polls(wait_s: u32) -> u32 {
    let mut left_ms = u64::from(wait_s) * 1_000;
    let mut polls = 0;
    while left_ms > 0 {
        polls += 1;
        let left_s = i64::try_from(left_ms.div_ceil(1_000)).unwrap_or(i64::MAX);
        left_ms = left_ms.saturating_sub(poll_after_ms(left_s));
    }
    polls
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bar of the waiting room: at least 3.9 times fewer requests than the fixed poll. A line
    /// of half a minute is none.
    #[test]
    fn those_who_are_told_poll_far_less() {
        for wait_s in [120, 600, 1_800, 3_600] {
            let fixed = wait_s * 2;
            assert!(polls(wait_s) * 39 <= fixed * 10, "{wait_s} s: {} polls", polls(wait_s));
        }
    }
}
