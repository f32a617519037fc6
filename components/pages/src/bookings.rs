//! Choosing seats, and what becomes of them.

pub(crate) mod choose;
pub(crate) mod confirm;
pub(crate) mod extend;
pub(crate) mod give_up;
pub(crate) mod hold;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod name_holder;
pub(crate) mod open;
mod picker;
pub(crate) mod release;
pub(crate) mod show;
pub(crate) mod tickets;
