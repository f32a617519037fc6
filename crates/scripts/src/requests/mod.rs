//! Requests of any kind: idempotency keys and rates.

mod begin_request;
mod finish_request;
mod has_answer;
mod idempotency;
mod limit_rate;
mod sweep_answers;

pub use begin_request::{BeginOutcome, BeginRequest, begin_request};
pub use finish_request::{Answer, FinishOutcome, FinishRequest, finish_request};
pub use has_answer::has_answer;
pub use idempotency::{ANSWER_LIFE_MS, Idempotency};
pub use limit_rate::{LimitRate, RateVerdict, limit_rate};
pub use sweep_answers::sweep_answers;
