//! How long to wait before something is tried again.

/// Waits that double from failure to failure, up to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure, in ms.
    pub first_ms: u64,
    /// The longest wait, in ms.
    pub longest_ms: u64,
}

impl Backoff {
    /// The wait before the next attempt, in ms, after `failures` failures before this one. `random`
    /// moves it between one half and the whole, so that what failed together is not tried again
    /// together.
    pub fn wait_ms(self, failures: u32, random: u64) -> u64 {
        let doubled = self.first_ms.saturating_mul(1_u64.checked_shl(failures).unwrap_or(u64::MAX));
        jittered_ms(doubled.min(self.longest_ms), random)
    }
}

/// Between one half of `whole_ms` and the whole.
pub fn jittered_ms(whole_ms: u64, random: u64) -> u64 {
    let half_ms = whole_ms / 2;
    half_ms + random % (whole_ms - half_ms + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff { first_ms: 1_000, longest_ms: 30_000 };
        for (failures, whole_ms) in
            [(0, 1_000), (1, 2_000), (4, 16_000), (5, 30_000), (60, 30_000), (u32::MAX, 30_000)]
        {
            for random in [0, 1, 12_345, u64::MAX] {
                let wait_ms = backoff.wait_ms(failures, random);
                assert!((whole_ms / 2..=whole_ms).contains(&wait_ms), "{failures}: {wait_ms}");
            }
        }
        assert_eq!((jittered_ms(0, 7), backoff.wait_ms(0, 0)), (0, 500));
    }
}
