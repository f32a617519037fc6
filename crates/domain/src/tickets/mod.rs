//! What buyers own, as they carry it to the door.

pub mod ticket;
