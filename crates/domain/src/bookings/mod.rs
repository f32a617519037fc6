//! What buyers hold and own.

pub mod booking;
pub mod contact;
pub mod journal;
pub mod nearest;
pub mod notification;
pub mod part;
pub mod seat_news;
pub mod selection;
