//! The queue in both stores: places and their receipts, the draw, admission.

mod admit_users;
mod draw_line;
mod queue_place;
mod queue_status;

pub use admit_users::admit_users;
pub use draw_line::{DrawOutcome, draw_line};
pub use queue_place::{Receipt, join_queue, leave_queue, watch_place};
pub use queue_status::{QueueStatus, queue_status};
