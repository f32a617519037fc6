//! How far learning the topology has come.

use std::time::Duration;

/// When the last refresh began, and whether it still runs.
#[derive(Debug, Default)]
pub(crate) struct RefreshState {
    pub(crate) began_at: Option<Duration>,
    pub(crate) is_running: bool,
}
