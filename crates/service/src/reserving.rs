//! What a refused reservation tells its buyer.

use domain::code::Code;
use scripts::ReserveOutcome;
use serde_json::json;

use crate::Refusal;

/// The refusal that an outcome stands for.
pub fn refusal(outcome: ReserveOutcome) -> Refusal {
    match outcome {
        ReserveOutcome::EventMissing => Refusal::of(Code::EventNotFound),
        ReserveOutcome::EventNotOnSale => Refusal::of(Code::EventNotOnSale),
        ReserveOutcome::IdempotencyKeyReused => Refusal::of(Code::IdempotencyKeyReused),
        ReserveOutcome::AccountRequired => Refusal::of(Code::AccountRequired),
        ReserveOutcome::QueuePassRequired => Refusal::of(Code::QueuePassRequired),
        ReserveOutcome::QueuePassInvalid => Refusal::of(Code::QueuePassInvalid),
        ReserveOutcome::QueuePassExpired => Refusal::of(Code::QueuePassExpired),
        ReserveOutcome::QueuePassUsed => Refusal::of(Code::QueuePassUsed),
        ReserveOutcome::InvalidSeats => {
            Refusal::new(Code::InvalidSeats, "the section or a seat does not exist")
        }
        ReserveOutcome::BuyerLimitExceeded => Refusal::of(Code::BuyerLimitExceeded),
        ReserveOutcome::AmountTooHigh { amount_max } => {
            Refusal::of(Code::AmountTooHigh).with("amount_max", json!(amount_max))
        }
        ReserveOutcome::SeatUnavailable { seats } => {
            Refusal::of(Code::SeatUnavailable).with("seats", json!(seats))
        }
        ReserveOutcome::NotEnoughSeats => Refusal::of(Code::NotEnoughSeats),
        ReserveOutcome::SoldOut => Refusal::of(Code::SoldOut),
        ReserveOutcome::Held(_)
        | ReserveOutcome::Replayed(_)
        | ReserveOutcome::SectionsChanged { .. } => {
            Refusal::internal("a successful outcome reached the refusals")
        }
    }
}
