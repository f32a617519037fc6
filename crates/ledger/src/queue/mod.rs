//! The queue: blocks of numbers, the serving number, the draw, and places that were given up.

mod checkpoint_queue;
mod find_draw;
mod fix_draw;
mod grant_numbers;
mod leave_queue;
mod place_is_spent;

pub use checkpoint_queue::checkpoint_queue;
pub use find_draw::{Drawn, PublishedDraw, find_draw};
pub use fix_draw::fix_draw;
pub use grant_numbers::{NUMBERS_GRANTED, NumberBlock, grant_numbers};
pub use leave_queue::leave_queue;
pub use place_is_spent::place_is_spent;
