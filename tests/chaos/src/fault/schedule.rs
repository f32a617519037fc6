//! The list of faults of a seed. It depends on the seed and the length of the run, on nothing else.

use fastrand::Rng;

use crate::fault::Fault;

/// Nothing breaks in the first seconds: what must hold on a healthy system needs one.
pub const CALM_AT_FIRST_S: u64 = 16;
/// Between two faults.
pub const GAP_S: u64 = 2;

/// The seed of continuous integration: its two minutes have the loss of acknowledged writes, the
/// thawed master and a kill at each step of the confirm path.
pub const CI_SEED: u64 = 54;
/// The length of that run.
pub const CI_MINUTES: u64 = 2;

/// A fault of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What.
    pub fault: Fault,
    /// Decides where it hits, and how hard.
    pub choice: u64,
}

/// The faults of `seed`, as many as fit into `seconds` with what they take to heal; with `only`,
/// that one again and again.
pub fn plan(seed: u64, seconds: u64, only: Option<&Fault>) -> Vec<Planned> {
    let mut random = Rng::with_seed(seed);
    let mut left_s = seconds.saturating_sub(CALM_AT_FIRST_S);
    let mut deck: Vec<Fault> = Vec::new();
    let mut planned = Vec::new();
    loop {
        if deck.is_empty() {
            deck = fresh_deck(&mut random, only);
        }
        // The next that fits; none does when not even the shortest is short enough.
        let Some(next) = deck.iter().rposition(|it| it.span_s() + GAP_S <= left_s) else { break };
        let fault = deck.remove(next);
        left_s -= fault.span_s() + GAP_S;
        planned.push(Planned { fault, choice: random.u64(..) });
    }
    if planned.is_empty()
        && let Some(only) = only
    {
        planned.push(Planned { fault: only.clone(), choice: random.u64(..) });
    }
    planned
}

/// Every fault once, and a few kills at single steps, in random order.
fn fresh_deck(random: &mut Rng, only: Option<&Fault>) -> Vec<Fault> {
    if let Some(only) = only {
        return vec![only.clone()];
    }
    let (mut kills, mut deck): (Vec<_>, Vec<_>) = Fault::all()
        .into_iter()
        .partition(|fault| matches!(fault, Fault::KillAt(..) | Fault::AdmitKills));
    // Of its own: a new step must not change the order of all other faults.
    Rng::with_seed(random.u64(..)).shuffle(&mut kills);
    kills.truncate(4);
    deck.extend(kills);
    random.shuffle(&mut deck);
    deck
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_list() {
        assert_eq!(plan(7, 300, None), plan(7, 300, None));
        assert_ne!(plan(7, 300, None), plan(8, 300, None));
    }

    #[test]
    fn the_list_fits_into_the_run() {
        for seed in 0..50 {
            let planned = plan(seed, 120, None);
            let sum: u64 = planned.iter().map(|it| it.fault.span_s() + GAP_S).sum();
            assert!(sum + CALM_AT_FIRST_S <= 120 && planned.len() >= 4, "{planned:?}");
        }
    }

    #[test]
    fn the_run_of_continuous_integration_has_the_faults_it_must_have() {
        let planned = plan(CI_SEED, CI_MINUTES * 60, None);
        for fault in [Fault::ForcedLoss, Fault::Zombie, Fault::ConfirmKills] {
            assert!(planned.iter().any(|it| it.fault == fault), "{fault:?} of {planned:?}");
        }
    }

    #[test]
    fn one_fault_alone_comes_again_and_again() {
        let planned = plan(1, 120, Some(&Fault::Zombie));
        assert!(planned.len() > 3 && planned.iter().all(|it| it.fault == Fault::Zombie));
    }
}
