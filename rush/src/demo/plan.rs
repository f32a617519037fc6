//! What each buyer wants and will do. Pure: the same seed makes the same crowd.

use fastrand::Rng;

use super::cheat::Cheat;

/// Which places a buyer looks for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taste {
    /// Picks seats from the map.
    NamedSeats,
    /// Takes the best seats together.
    BestSeats,
    Standing,
}

/// How the provider's event is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Once,
    /// The same event again after it was acknowledged.
    Twice,
    /// The same event several times at the same moment.
    Parallel,
    /// First the authorisation, then the capture.
    BothKinds,
}

/// What a buyer does with the held units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Pay {
        delivery: Delivery,
    },
    Release,
    /// Walks away; the hold runs out.
    Expire,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) taste: Taste,
    pub(crate) quantity: u32,
    pub(crate) ending: Ending,
    /// How long the buyer thinks before the ending.
    pub(crate) think_ms: u64,
    /// Where among the free seats the buyer looks.
    pub(crate) seat_seed: u64,
    /// The cheat that the buyer tries.
    pub(crate) cheat: Option<Cheat>,
}

/// Tickets of one buyer at most, as the event is created.
pub(crate) const MAX_PER_BUYER: u32 = 4;
/// One in this many buyers cheats, and each cheat is tried at least [`EACH_CHEAT_MIN`] times.
const BUYERS_PER_CHEATER: usize = 25;
/// Often enough to hit the cheat at different fillings of the hall.
const EACH_CHEAT_MIN: usize = 2;
/// A thought takes less than this: much shorter than the shortest hold.
const THINK_MAX_MS: u64 = 400;

/// The crowd in the order of its arrival: cheaters first, while there is something to steal.
pub(crate) fn crowd(buyers: usize, seed: u64) -> Vec<Plan> {
    let mut random = Rng::with_seed(seed);
    let cheaters =
        (buyers / BUYERS_PER_CHEATER).max(Cheat::ALL.len() * EACH_CHEAT_MIN).min(buyers / 2);
    let cheats = Cheat::ALL.iter().cycle().take(cheaters).copied().map(Some);
    cheats
        .chain(std::iter::repeat(None))
        .take(buyers)
        .map(|cheat| draw(&mut random, cheat))
        .collect()
}

fn draw(random: &mut Rng, cheat: Option<Cheat>) -> Plan {
    Plan {
        taste: match random.u32(0..100) {
            0..40 => Taste::NamedSeats,
            40..75 => Taste::BestSeats,
            _ => Taste::Standing,
        },
        quantity: random.u32(1..=MAX_PER_BUYER),
        ending: match random.u32(0..100) {
            0..82 => Ending::Pay { delivery: draw_delivery(random) },
            82..92 => Ending::Release,
            _ => Ending::Expire,
        },
        think_ms: random.u64(0..THINK_MAX_MS),
        seat_seed: random.u64(..),
        cheat,
    }
}

fn draw_delivery(random: &mut Rng) -> Delivery {
    match random.u32(0..100) {
        0..70 => Delivery::Once,
        70..80 => Delivery::Twice,
        80..90 => Delivery::Parallel,
        _ => Delivery::BothKinds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_crowd() {
        assert_eq!(crowd(500, 7), crowd(500, 7));
        assert_ne!(crowd(500, 7), crowd(500, 8));
    }

    #[test]
    fn every_cheat_is_tried_and_cheaters_come_first() {
        let crowd = crowd(2_000, 1);
        assert_eq!(crowd.len(), 2_000);
        let cheaters = crowd.iter().filter(|plan| plan.cheat.is_some()).count();
        assert_eq!(cheaters, 80);
        assert!(crowd[..cheaters].iter().all(|plan| plan.cheat.is_some()));
        for cheat in Cheat::ALL {
            assert!(crowd.iter().any(|plan| plan.cheat == Some(cheat)), "{cheat:?}");
        }
    }

    #[test]
    fn a_small_crowd_is_at_most_half_cheaters() {
        let crowd = crowd(10, 1);
        assert_eq!(crowd.iter().filter(|plan| plan.cheat.is_some()).count(), 5);
        assert_eq!(super::crowd(1, 1).len(), 1);
    }

    #[test]
    fn most_pay_some_release_and_some_walk_away() {
        let crowd = crowd(2_000, 1);
        let share = |wanted: fn(&Ending) -> bool| {
            crowd.iter().filter(|plan| wanted(&plan.ending)).count() * 100 / crowd.len()
        };
        assert!((75..90).contains(&share(|ending| matches!(ending, Ending::Pay { .. }))));
        assert!((5..15).contains(&share(|ending| *ending == Ending::Release)));
        assert!((4..13).contains(&share(|ending| *ending == Ending::Expire)));
        assert!(crowd.iter().all(|plan| (1..=MAX_PER_BUYER).contains(&plan.quantity)));
    }
}
