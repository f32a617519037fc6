//! How long to wait before something is tried again.

/// The wait after the first failure, in ms.
const FIRST_MS: u64 = 1_000;
/// The longest wait, in ms: when the other side is well again, everything goes on within half a
/// minute.
const LONGEST_MS: u64 = 30_000;
/// Doublings after which the longest wait is reached: 1, 2, 4, 8, 16, 30 s.
const DOUBLINGS_MAX: u32 = 5;

/// The wait before the next attempt, in ms, after so many failures before this one. `random` moves
/// it between one half and the whole, so that what failed together is not tried again together.
pub(crate) fn backoff_ms(failures: u32, random: u64) -> u64 {
    let whole = FIRST_MS.saturating_mul(1 << failures.min(DOUBLINGS_MAX)).min(LONGEST_MS);
    jittered_ms(whole, random)
}

/// Between one half of `whole_ms` and the whole.
pub(crate) fn jittered_ms(whole_ms: u64, random: u64) -> u64 {
    let half = whole_ms / 2;
    half + random % (whole_ms - half + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        for (failures, whole_ms) in
            [(0, 1_000), (1, 2_000), (4, 16_000), (5, 30_000), (60, 30_000), (u32::MAX, 30_000)]
        {
            for random in [0, 1, 12_345, u64::MAX] {
                let wait_ms = backoff_ms(failures, random);
                assert!((whole_ms / 2..=whole_ms).contains(&wait_ms), "{failures}: {wait_ms}");
            }
        }
        assert_eq!((jittered_ms(0, 7), backoff_ms(0, 0)), (0, 500));
    }
}
