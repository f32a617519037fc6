//! Money, and what the provider says of it.

pub mod payment;
pub mod stripe;
