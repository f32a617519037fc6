//! The verdict on each promise, from everything that was seen.

mod calls;
mod deadlines;
mod evidence;
mod expiry;
mod holds;
mod keys;
mod limits;
mod linear;
pub mod money;
mod notices;
mod owners;
mod queue;
mod report;
mod sales;
mod stores;
mod webhooks;

pub use calls::Call;
pub use evidence::Evidence;
pub use report::print;

/// How a promise fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Put to the test, and kept.
    Kept,
    /// Broken.
    Broken,
    /// Nothing happened that could have broken it.
    NotExercised,
}

/// The verdict on a promise.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The number in the list of promises.
    pub promise: u8,
    /// The promise in a few words.
    pub title: &'static str,
    /// How it fared.
    pub verdict: Verdict,
    /// What was looked at, in numbers.
    pub detail: String,
    /// What broke it: ids and times.
    pub violations: Vec<String>,
}

impl Finding {
    /// Broken when there are violations; kept when it was `exercised` otherwise.
    fn new(
        promise: u8,
        title: &'static str,
        exercised: bool,
        detail: String,
        violations: Vec<String>,
    ) -> Self {
        let verdict = match (violations.is_empty(), exercised) {
            (false, _) => Verdict::Broken,
            (true, true) => Verdict::Kept,
            (true, false) => Verdict::NotExercised,
        };
        Self { promise, title, verdict, detail, violations }
    }
}

/// Every verdict, in the order of the promises.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = vec![
        sales::sold_once(evidence),
        holds::linearizable(evidence),
        money::settled(evidence),
        money::never_both(evidence),
        money::refunded_once(evidence),
        webhooks::once(evidence),
        limits::of_buyers(evidence),
        webhooks::any_order(evidence),
        webhooks::forged(evidence),
        webhooks::durable(evidence),
        queue::in_order(evidence),
        queue::one_place(evidence),
        queue::places_survive(evidence),
        queue::numbers(evidence),
        queue::active(evidence),
        sales::all_or_nothing(evidence),
        keys::same_answer(evidence),
        owners::only_owners(evidence),
        expiry::in_time(evidence),
        expiry::workers(evidence),
        notices::at_least_once(evidence),
        deadlines::in_time(evidence),
        stores::rebuilt(evidence),
        money::wrong_never_confirms(evidence),
        stores::agree(evidence),
    ];
    findings.sort_by_key(|finding| finding.promise);
    findings
}
