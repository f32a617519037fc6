//! What buyers own, as they carry it to the door.

pub mod door_session;
pub mod ticket;
