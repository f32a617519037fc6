//! What components may take of what all of them share.
//!
//! Anybody may call most routes, and a crowd that calls one of them could take every turn and every
//! instance. So components that the manifest names as reserved find a part that no other can take,
//! and of the others none can take all. Where the manifest names none, everybody may take all, as
//! under Spin.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What the components without a reserve may take together: three quarters. The rest is enough for
/// the sale, whose requests are short.
const TOGETHER: (usize, usize) = (3, 4);

/// What one of them may take alone: half. A crowd at one route leaves the others something.
const ALONE: (usize, usize) = (1, 2);

/// So many of a thing, for all components.
pub(super) struct Shares {
    all: Arc<Semaphore>,
    total: usize,
    /// For components without a reserve; none where nobody has one.
    together: Option<Arc<Semaphore>>,
}

/// What one component may take.
#[derive(Clone)]
pub(super) struct Share {
    /// From the narrowest bound to the widest: who waits at a narrow one holds nothing of a wide.
    bounds: Arc<[Arc<Semaphore>]>,
}

/// One of a thing, taken until it is dropped.
pub(super) struct Taken {
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Shares {
    /// `total` of a thing. `has_reserve`: some components find a part for themselves.
    pub(super) fn new(total: usize, has_reserve: bool) -> Self {
        let together = has_reserve.then(|| part(total, TOGETHER));
        Self { all: Arc::new(Semaphore::new(total)), total, together }
    }

    /// What one component may take. `is_reserved`: also of what is kept from the others.
    pub(super) fn of_component(&self, is_reserved: bool) -> Share {
        let mut bounds = Vec::new();
        if let Some(together) = self.together.as_ref().filter(|_| !is_reserved) {
            bounds.push(part(self.total, ALONE));
            bounds.push(Arc::clone(together));
        }
        bounds.push(Arc::clone(&self.all));
        Share { bounds: bounds.into() }
    }
}

impl Share {
    /// Takes one if there is one.
    pub(super) fn try_take(&self) -> Option<Taken> {
        let permits = self.bounds.iter().map(|bound| Arc::clone(bound).try_acquire_owned().ok());
        Some(Taken { _permits: permits.collect::<Option<_>>()? })
    }

    /// Takes one, and waits for it so long.
    pub(super) async fn take(&self, max_wait: Duration) -> Option<Taken> {
        if let Some(taken) = self.try_take() {
            return Some(taken);
        }
        let wait = async {
            let mut permits = Vec::with_capacity(self.bounds.len());
            for bound in self.bounds.iter() {
                permits.push(Arc::clone(bound).acquire_owned().await.ok()?);
            }
            Some(Taken { _permits: permits })
        };
        timeout(max_wait, wait).await.ok()?
    }
}

/// A part of a total, and at least one.
fn part(total: usize, (of, whole): (usize, usize)) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((total / whole * of + total % whole * of / whole).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of(share: &Share) -> Vec<Taken> {
        std::iter::from_fn(|| share.try_take()).collect()
    }

    #[test]
    fn without_a_reserve_one_component_may_take_all() {
        let shares = Shares::new(8, false);
        let taken = all_of(&shares.of_component(false));
        assert_eq!(taken.len(), 8);
        assert!(shares.of_component(false).try_take().is_none());
    }

    #[test]
    fn the_reserve_is_left_whatever_the_others_take() {
        let shares = Shares::new(8, true);
        let crowd: Vec<_> = (0..4).map(|_| all_of(&shares.of_component(false))).collect();
        assert_eq!(crowd.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2, 0, 0]);
        assert_eq!(all_of(&shares.of_component(true)).len(), 2);
    }

    #[test]
    fn reserved_components_may_take_all() {
        let shares = Shares::new(8, true);
        assert_eq!(all_of(&shares.of_component(true)).len(), 8);
    }

    #[test]
    fn what_is_given_back_can_be_taken() {
        let shares = Shares::new(2, true);
        let share = shares.of_component(false);
        let taken = share.try_take();
        assert!(taken.is_some() && share.try_take().is_none());
        drop(taken);
        assert!(share.try_take().is_some());
    }

    #[tokio::test]
    async fn who_waits_at_a_narrow_bound_holds_nothing_of_a_wide_one() {
        let shares = Shares::new(8, true);
        let narrow = shares.of_component(false);
        let _taken = all_of(&narrow);
        let waiting = tokio::spawn(async move { narrow.take(Duration::from_secs(60)).await });
        tokio::task::yield_now().await;
        assert_eq!(all_of(&shares.of_component(true)).len(), 4);
        waiting.abort();
    }

    #[test]
    fn the_smallest_totals_leave_everybody_one() {
        for total in 1..4 {
            let shares = Shares::new(total, true);
            assert!(shares.of_component(false).try_take().is_some(), "{total}");
        }
    }
}
