//! What is for sale.

pub mod event;
pub mod seat;
pub mod section;
