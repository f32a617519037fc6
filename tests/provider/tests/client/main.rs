//! Our client against the fake provider: every rule of the provider that a client can stumble
//! over, once from each side.

mod deliveries;
mod keys;
mod letters;
mod listing;
mod parts;
mod payments;
mod silence;
mod stage;
