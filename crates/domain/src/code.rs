//! The stable error codes of the HTTP contract.
//!
//! Append only: a code is never renamed and never reused. The status and whether a retry can help
//! are part of the contract, so both are decided here, in one exhaustive place each.

/// What went wrong, in the vocabulary of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The body is not JSON, or a parameter cannot be read.
    MalformedRequest,
    /// The webhook's signature is missing, wrong or out of time.
    InvalidSignature,
    /// No credentials, or credentials that nobody issued.
    Unauthenticated,
    /// The booking costs money and the caller cannot confirm it without a payment.
    PaymentRequired,
    /// Right caller, wrong right.
    Forbidden,
    /// The event admits through its queue and the request carries no pass.
    QueuePassRequired,
    /// The pass is forged, of another user or of another event.
    QueuePassInvalid,
    /// The pass is past its time.
    QueuePassExpired,
    /// The pass has been used before.
    QueuePassUsed,
    /// Joining asks for a proof of work, in `challenge`, and none that is good was shown.
    ProofRequired,
    /// No such route.
    NotFound,
    /// No such event.
    EventNotFound,
    /// No such booking, or a booking of another buyer.
    BookingNotFound,
    /// The user has no place in this queue.
    NotInQueue,
    /// The route exists, the method does not.
    MethodNotAllowed,
    /// Not yet, no longer or paused.
    EventNotOnSale,
    /// The organiser lets nobody else join.
    JoiningStopped,
    /// At least one of the seats is held or sold; all of them are listed in `seats`.
    SeatUnavailable,
    /// Fewer left than asked for, or no block of that size.
    NotEnoughSeats,
    /// Nothing of the event is left.
    SoldOut,
    /// Over the buyer's limit, counting held and bought.
    BuyerLimitExceeded,
    /// The booking has been confirmed.
    AlreadyConfirmed,
    /// The booking has been released.
    AlreadyReleased,
    /// The hold has run out.
    BookingExpired,
    /// A change would leave fewer seats than are held or sold.
    CapacityInUse,
    /// A section of that name exists.
    SectionExists,
    /// A request with the same idempotency key is still running.
    RequestInProgress,
    /// The body is over the limit.
    BodyTooLarge,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// Well-formed, but a value is not allowed.
    ValidationFailed,
    /// A seat or section that does not exist, duplicates, none, or too many.
    InvalidSeats,
    /// The idempotency key came with another body.
    IdempotencyKeyReused,
    /// Too many requests.
    RateLimited,
    /// A defect of ours.
    Internal,
    /// A store cannot answer in time.
    Unavailable,
}

impl Code {
    /// Every code, in the order of the enum.
    pub const ALL: [Self; 35] = [
        Self::MalformedRequest,
        Self::InvalidSignature,
        Self::Unauthenticated,
        Self::PaymentRequired,
        Self::Forbidden,
        Self::QueuePassRequired,
        Self::QueuePassInvalid,
        Self::QueuePassExpired,
        Self::QueuePassUsed,
        Self::ProofRequired,
        Self::NotFound,
        Self::EventNotFound,
        Self::BookingNotFound,
        Self::NotInQueue,
        Self::MethodNotAllowed,
        Self::EventNotOnSale,
        Self::JoiningStopped,
        Self::SeatUnavailable,
        Self::NotEnoughSeats,
        Self::SoldOut,
        Self::BuyerLimitExceeded,
        Self::AlreadyConfirmed,
        Self::AlreadyReleased,
        Self::BookingExpired,
        Self::CapacityInUse,
        Self::SectionExists,
        Self::RequestInProgress,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::InvalidSeats,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The word in the `code` member of a problem.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::InvalidSignature => "invalid_signature",
            Self::Unauthenticated => "unauthenticated",
            Self::PaymentRequired => "payment_required",
            Self::Forbidden => "forbidden",
            Self::QueuePassRequired => "queue_pass_required",
            Self::QueuePassInvalid => "queue_pass_invalid",
            Self::QueuePassExpired => "queue_pass_expired",
            Self::QueuePassUsed => "queue_pass_used",
            Self::ProofRequired => "proof_required",
            Self::NotFound => "not_found",
            Self::EventNotFound => "event_not_found",
            Self::BookingNotFound => "booking_not_found",
            Self::NotInQueue => "not_in_queue",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::EventNotOnSale => "event_not_on_sale",
            Self::JoiningStopped => "joining_stopped",
            Self::SeatUnavailable => "seat_unavailable",
            Self::NotEnoughSeats => "not_enough_seats",
            Self::SoldOut => "sold_out",
            Self::BuyerLimitExceeded => "buyer_limit_exceeded",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::AlreadyReleased => "already_released",
            Self::BookingExpired => "booking_expired",
            Self::CapacityInUse => "capacity_in_use",
            Self::SectionExists => "section_exists",
            Self::RequestInProgress => "request_in_progress",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::ValidationFailed => "validation_failed",
            Self::InvalidSeats => "invalid_seats",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::RateLimited => "rate_limited",
            Self::Internal => "internal_error",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedRequest | Self::InvalidSignature => 400,
            Self::Unauthenticated => 401,
            Self::PaymentRequired => 402,
            Self::Forbidden
            | Self::QueuePassRequired
            | Self::QueuePassInvalid
            | Self::QueuePassExpired
            | Self::QueuePassUsed
            | Self::ProofRequired => 403,
            Self::NotFound | Self::EventNotFound | Self::BookingNotFound | Self::NotInQueue => 404,
            Self::MethodNotAllowed => 405,
            Self::EventNotOnSale
            | Self::JoiningStopped
            | Self::SeatUnavailable
            | Self::NotEnoughSeats
            | Self::SoldOut
            | Self::BuyerLimitExceeded
            | Self::AlreadyConfirmed
            | Self::AlreadyReleased
            | Self::BookingExpired
            | Self::CapacityInUse
            | Self::SectionExists
            | Self::RequestInProgress => 409,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed | Self::InvalidSeats | Self::IdempotencyKeyReused => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// Whether the very same request can succeed later.
    pub const fn retryable(self) -> bool {
        match self {
            Self::JoiningStopped
            | Self::RequestInProgress
            | Self::RateLimited
            | Self::Unavailable => true,
            Self::MalformedRequest
            | Self::InvalidSignature
            | Self::Unauthenticated
            | Self::PaymentRequired
            | Self::Forbidden
            | Self::QueuePassRequired
            | Self::QueuePassInvalid
            | Self::QueuePassExpired
            | Self::QueuePassUsed
            | Self::ProofRequired
            | Self::NotFound
            | Self::EventNotFound
            | Self::BookingNotFound
            | Self::NotInQueue
            | Self::MethodNotAllowed
            | Self::EventNotOnSale
            | Self::SeatUnavailable
            | Self::NotEnoughSeats
            | Self::SoldOut
            | Self::BuyerLimitExceeded
            | Self::AlreadyConfirmed
            | Self::AlreadyReleased
            | Self::BookingExpired
            | Self::CapacityInUse
            | Self::SectionExists
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::ValidationFailed
            | Self::InvalidSeats
            | Self::IdempotencyKeyReused
            | Self::Internal => false,
        }
    }

    /// A short sentence for people, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request cannot be read",
            Self::InvalidSignature => "The signature is not valid",
            Self::Unauthenticated => "Credentials are missing or not valid",
            Self::PaymentRequired => "This booking has to be paid",
            Self::Forbidden => "The caller may not do this",
            Self::QueuePassRequired => "A queue pass is required",
            Self::QueuePassInvalid => "The queue pass is not valid",
            Self::QueuePassExpired => "The queue pass has expired",
            Self::QueuePassUsed => "The queue pass has been used",
            Self::ProofRequired => "Joining asks for a proof of work",
            Self::NotFound => "There is nothing here",
            Self::EventNotFound => "The event does not exist",
            Self::BookingNotFound => "The booking does not exist",
            Self::NotInQueue => "The user is not in the queue",
            Self::MethodNotAllowed => "The method is not allowed",
            Self::EventNotOnSale => "The event is not on sale",
            Self::JoiningStopped => "Nobody else can join at the moment",
            Self::SeatUnavailable => "A seat is no longer available",
            Self::NotEnoughSeats => "There are not enough seats",
            Self::SoldOut => "The event is sold out",
            Self::BuyerLimitExceeded => "The limit of tickets per buyer is exceeded",
            Self::AlreadyConfirmed => "The booking is already confirmed",
            Self::AlreadyReleased => "The booking is already released",
            Self::BookingExpired => "The booking has expired",
            Self::CapacityInUse => "The seats are in use",
            Self::SectionExists => "The section exists already",
            Self::RequestInProgress => "The same request is still running",
            Self::BodyTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body must be application/json",
            Self::ValidationFailed => "A value is not allowed",
            Self::InvalidSeats => "The seats cannot be reserved together",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request",
            Self::RateLimited => "Too many requests",
            Self::Internal => "Something went wrong on our side",
            Self::Unavailable => "The service cannot answer right now",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(
            words
                .iter()
                .all(|word| { word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()) })
        );
    }

    #[test]
    fn only_what_may_pass_is_retryable() {
        let retryable: Vec<_> =
            Code::ALL.into_iter().filter(|code| code.retryable()).map(Code::as_str).collect();
        assert_eq!(
            retryable,
            ["joining_stopped", "request_in_progress", "rate_limited", "unavailable"]
        );
    }
}
