//! The queue: joining, the order of the line, admission, the draw, and the feed.

mod admit_users;
mod begin_draw;
mod draw_places;
mod join_queue;
mod leave_queue;
mod place;
mod read_feed;
mod read_queue;
mod see_users;
mod sweep_absent;
mod watch_place;

pub use admit_users::{AdmitMode, AdmitOutcome, AdmitUsers, admit_users};
pub use begin_draw::{BeginDrawOutcome, begin_draw};
pub use draw_places::{DrawPlacesOutcome, DrawnPlace, draw_places};
pub use join_queue::{
    AddressCap, JoinOutcome, JoinQueue, NumberBlock, ShownProof, ShownReceipt, join_queue,
    join_queue_words,
};
pub use leave_queue::{LeaveOutcome, leave_queue};
pub use place::{Pass, PlaceOutcome, QueuePlace};
pub use read_feed::{newest_serial, peek_feed, read_feed};
pub use read_queue::{QueueOutcome, QueueState, read_queue};
pub use see_users::{SEEN_AT_ONCE_MAX, see_users, see_users_dedicated};
pub use sweep_absent::{SWEPT_AT_ONCE_MAX, sweep_absent};
pub use watch_place::{WatchedPlace, watch_place};
