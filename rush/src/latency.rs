//! How long each step took, from sending a request to its whole answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

/// A step of buying a ticket: one row of the latency table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Login,
    Join,
    /// Asking for the place in the queue.
    Position,
    /// Opening the stream of a place.
    Stream,
    Map,
    Reserve,
    /// Beginning a payment; without a provider, its webhook.
    Pay,
    Read,
    Release,
    /// Everything else: leaving the queue, creating events, availability.
    Other,
}

impl Step {
    /// Every step, in the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Login,
        Self::Join,
        Self::Position,
        Self::Stream,
        Self::Map,
        Self::Reserve,
        Self::Pay,
        Self::Read,
        Self::Release,
        Self::Other,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Join => "join",
            Self::Position => "position",
            Self::Stream => "open stream",
            Self::Map => "seat map",
            Self::Reserve => "reserve",
            Self::Pay => "pay",
            Self::Read => "read booking",
            Self::Release => "release",
            Self::Other => "other",
        }
    }
}

/// Latencies of one step, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Percentiles {
    pub(crate) count: u64,
    /// Half of the requests were faster.
    pub(crate) p50_us: u64,
    /// 95 % were faster.
    pub(crate) p95_us: u64,
    /// 99 % were faster.
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
}

/// The longest latency that is recorded as it is: four times a request's timeout.
const LATENCY_MAX_US: u64 = 60_000_000;
/// Three digits: 0.1 % of the value, below what a run can repeat.
const SIGNIFICANT_DIGITS: u8 = 3;

pub(crate) struct Latencies {
    histograms: Mutex<Vec<Histogram<u64>>>,
}

impl Latencies {
    /// Nothing measured yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let histograms = Step::ALL
            .iter()
            .map(|_| Histogram::new_with_bounds(1, LATENCY_MAX_US, SIGNIFICANT_DIGITS))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| anyhow::anyhow!("the histograms cannot be made: {error:?}"))?;
        Ok(Self { histograms: Mutex::new(histograms) })
    }

    pub(crate) fn record(&self, step: Step, latency: Duration) {
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US);
        let mut histograms = self.histograms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = histograms.get_mut(step as usize) {
            histogram.saturating_record(latency_us);
        }
    }

    /// The latencies of one step; zeros when it never happened.
    pub(crate) fn percentiles(&self, step: Step) -> Percentiles {
        let histograms = self.histograms.lock().unwrap_or_else(PoisonError::into_inner);
        let quantile_us = |quantile| {
            histograms.get(step as usize).map_or(0, |all| all.value_at_quantile(quantile))
        };
        Percentiles {
            count: histograms.get(step as usize).map_or(0, Histogram::len),
            p50_us: quantile_us(0.50),
            p95_us: quantile_us(0.95),
            p99_us: quantile_us(0.99),
            max_us: histograms.get(step as usize).map_or(0, Histogram::max),
        }
    }
}

/// Milliseconds with one decimal, as tables and the JSON line carry them.
pub(crate) fn milliseconds(microseconds: u64) -> f64 {
    // Exact for every latency that can be recorded: far below 2^53.
    (microseconds as f64 / 100.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_step() {
        let latencies = Latencies::new().unwrap();
        for milliseconds in 1..=100 {
            latencies.record(Step::Reserve, Duration::from_millis(milliseconds));
        }
        latencies.record(Step::Join, Duration::from_secs(3_600));

        let reserve = latencies.percentiles(Step::Reserve);
        assert_eq!(reserve.count, 100);
        for (actual_us, expected_us) in [
            (reserve.p50_us, 50_000),
            (reserve.p95_us, 95_000),
            (reserve.p99_us, 99_000),
            (reserve.max_us, 100_000),
        ] {
            assert!(actual_us.abs_diff(expected_us) <= expected_us / 1_000, "{actual_us}");
        }
        assert_eq!(latencies.percentiles(Step::Join).count, 1);
        assert_eq!(latencies.percentiles(Step::Pay).p99_us, 0);
    }

    #[test]
    fn steps_stand_where_their_histogram_is() {
        for (index, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(step as usize, index);
        }
    }

    #[test]
    fn milliseconds_have_one_decimal() {
        assert_eq!(milliseconds(12_345), 12.3);
        assert_eq!(milliseconds(40), 0.0);
    }
}
