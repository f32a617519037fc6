//! What those who wait in a line are to expect.

use domain::wait::Outlook;
use scripts::QueuePlace;

/// What is to be expected, for all who wait.
#[derive(Clone, Copy)]
pub(crate) struct LineOutlook {
    /// What was measured.
    pub(crate) outlook: Outlook,
    /// Fans let in per second at most.
    pub(crate) release_per_s: i64,
}

impl LineOutlook {
    /// As it was told with a place.
    pub(crate) fn of(place: &QueuePlace) -> Self {
        Self { outlook: place.outlook, release_per_s: place.release_per_s }
    }
}
