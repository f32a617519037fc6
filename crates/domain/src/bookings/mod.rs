//! What buyers hold and own.

pub mod booking;
pub mod notification;
pub mod selection;
