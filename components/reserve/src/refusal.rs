//! What a refused reservation tells the client.

use domain::code::Code;
use guest::Problem;
use scripts::ReserveOutcome;
use serde_json::json;

/// The problem that a refusal stands for.
pub(crate) fn refusal(outcome: ReserveOutcome) -> Problem {
    match outcome {
        ReserveOutcome::EventMissing => Problem::of(Code::EventNotFound),
        ReserveOutcome::EventNotOnSale => Problem::of(Code::EventNotOnSale),
        ReserveOutcome::IdempotencyKeyReused => Problem::of(Code::IdempotencyKeyReused),
        ReserveOutcome::QueuePassRequired => Problem::of(Code::QueuePassRequired),
        ReserveOutcome::QueuePassInvalid => Problem::of(Code::QueuePassInvalid),
        ReserveOutcome::QueuePassExpired => Problem::of(Code::QueuePassExpired),
        ReserveOutcome::QueuePassUsed => Problem::of(Code::QueuePassUsed),
        ReserveOutcome::InvalidSeats => {
            Problem::new(Code::InvalidSeats, "the section or a seat does not exist")
        }
        ReserveOutcome::BuyerLimitExceeded => Problem::of(Code::BuyerLimitExceeded),
        ReserveOutcome::AmountTooHigh { amount_max } => {
            Problem::of(Code::AmountTooHigh).with("amount_max", json!(amount_max))
        }
        ReserveOutcome::SeatUnavailable { seats } => {
            Problem::of(Code::SeatUnavailable).with("seats", json!(seats))
        }
        ReserveOutcome::NotEnoughSeats => Problem::of(Code::NotEnoughSeats),
        ReserveOutcome::SoldOut => Problem::of(Code::SoldOut),
        ReserveOutcome::Held(_)
        | ReserveOutcome::Replayed(_)
        | ReserveOutcome::SectionsChanged { .. } => {
            Problem::internal("a successful outcome reached the refusals")
        }
    }
}
