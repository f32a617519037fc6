//! The seated sections of events, as this instance knows them.
//!
//! Scripts that may take any seat need the names of all seated sections, and refuse a wrong list
//! with the right one. What they said last is kept, so that it is right nearly always.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::id::EventId;
use domain::section::SectionName;

/// Events that are kept: more than are on sale at a time. Each has 64 names at most.
const EVENTS_MAX: usize = 256;
/// Calls with one list after the other: the kept list can be wrong, and sections can be added once
/// more in the same moment.
pub(crate) const ATTEMPTS_MAX: usize = 4;

thread_local! {
    /// A cache: a wrong entry costs one more call.
    static SECTIONS: RefCell<BTreeMap<EventId, Vec<SectionName>>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// The seated sections that `event` had last; none when it is not known.
pub(crate) fn known_sections(event: EventId) -> Vec<SectionName> {
    SECTIONS.with_borrow(|all| all.get(&event).cloned()).unwrap_or_default()
}

/// Keeps the seated sections of `event`, as a script has just said. The oldest event makes room:
/// ids grow with time.
pub(crate) fn keep_sections(event: EventId, sections: &[SectionName]) {
    SECTIONS.with_borrow_mut(|all| {
        all.insert(event, sections.to_vec());
        if all.len() > EVENTS_MAX {
            all.pop_first();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize) -> EventId {
        EventId::from_uuid(uuid::Uuid::from_u128(number as u128))
    }

    #[test]
    fn the_newest_events_are_kept_and_a_list_can_change() {
        let names = |names: &[&str]| -> Vec<SectionName> {
            names.iter().map(|name| name.parse().unwrap()).collect()
        };
        assert_eq!(known_sections(event(0)), []);
        for number in 0..=EVENTS_MAX {
            keep_sections(event(number), &names(&["A"]));
        }
        assert_eq!((known_sections(event(0)), known_sections(event(1))), (vec![], names(&["A"])));
        keep_sections(event(1), &names(&["A", "B"]));
        assert_eq!(known_sections(event(1)), names(&["A", "B"]));
    }
}
