//! The stable error codes of the HTTP contract.
//!
//! Append only: a code is never renamed and never reused. Status, retryable, word and title are
//! part of the contract; [`codes`] has one row for each code.

/// The very same request can succeed later.
const RETRYABLE: bool = true;
/// The very same request fails again.
const FINAL: bool = false;

/// Makes the enum of `Variant: status, retryable, word, title;` rows.
macro_rules! codes {
    ($($(#[$docs:meta])* $code:ident: $status:literal, $retryable:ident, $word:literal,
        $title:literal;)+) => {
        /// What went wrong, in the vocabulary of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$docs])* $code,)+
        }

        impl Code {
            /// Every code, in the order of the enum.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The word in the `code` member of a problem.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $word,)+
                }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                }
            }

            /// Whether the very same request can succeed later.
            pub const fn retryable(self) -> bool {
                match self {
                    $(Self::$code => $retryable,)+
                }
            }

            /// A short sentence for people, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)+
                }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or a parameter cannot be read.
    MalformedRequest: 400, FINAL, "malformed_request", "The request cannot be read";
    /// The webhook's signature is missing, wrong or out of time.
    InvalidSignature: 400, FINAL, "invalid_signature", "The signature is not valid";
    /// No credentials, or credentials that nobody issued.
    Unauthenticated: 401, FINAL, "unauthenticated", "Credentials are missing or not valid";
    /// A code or link of a letter is wrong, was used, or is too old; or it was tried too often.
    CodeInvalid: 401, FINAL, "code_invalid", "The code is not valid";
    /// The booking costs money and the caller cannot confirm it without a payment.
    PaymentRequired: 402, FINAL, "payment_required", "This booking has to be paid";
    /// Right caller, wrong right.
    Forbidden: 403, FINAL, "forbidden", "The caller may not do this";
    /// A guest where an account is needed.
    AccountRequired: 403, FINAL, "account_required", "An account is needed";
    /// The event admits through its queue and the request carries no pass.
    QueuePassRequired: 403, FINAL, "queue_pass_required", "A queue pass is required";
    /// The pass is forged, of another user or of another event.
    QueuePassInvalid: 403, FINAL, "queue_pass_invalid", "The queue pass is not valid";
    /// The pass is past its time.
    QueuePassExpired: 403, FINAL, "queue_pass_expired", "The queue pass has expired";
    /// The pass has been used before.
    QueuePassUsed: 403, FINAL, "queue_pass_used", "The queue pass has been used";
    /// Joining asks for a proof of work, in `challenge`, and none that is good was shown.
    ProofRequired: 403, FINAL, "proof_required", "Joining asks for a proof of work";
    /// No such route.
    NotFound: 404, FINAL, "not_found", "There is nothing here";
    /// No such event.
    EventNotFound: 404, FINAL, "event_not_found", "The event does not exist";
    /// No such booking, or a booking of another buyer.
    BookingNotFound: 404, FINAL, "booking_not_found", "The booking does not exist";
    /// No such ticket, or a ticket of another buyer.
    TicketNotFound: 404, FINAL, "ticket_not_found", "The ticket does not exist";
    /// The user has no place in this queue.
    NotInQueue: 404, FINAL, "not_in_queue", "The user is not in the queue";
    /// The route exists, the method does not.
    MethodNotAllowed: 405, FINAL, "method_not_allowed", "The method is not allowed";
    /// Not yet, no longer or paused.
    EventNotOnSale: 409, FINAL, "event_not_on_sale", "The event is not on sale";
    /// The organiser lets nobody else join.
    JoiningStopped: 409, RETRYABLE, "joining_stopped", "Nobody else can join at the moment";
    /// At least one of the seats is held or sold; all of them are listed in `seats`.
    SeatUnavailable: 409, FINAL, "seat_unavailable", "A seat is no longer available";
    /// Fewer left than asked for, or no block of that size.
    NotEnoughSeats: 409, FINAL, "not_enough_seats", "There are not enough seats";
    /// Nothing of the event is left.
    SoldOut: 409, FINAL, "sold_out", "The event is sold out";
    /// Over the buyer's limit, counting held and bought.
    BuyerLimitExceeded: 409, FINAL, "buyer_limit_exceeded",
        "The limit of tickets per buyer is exceeded";
    /// The booking has been confirmed.
    AlreadyConfirmed: 409, FINAL, "already_confirmed", "The booking is already confirmed";
    /// Only what is confirmed can be given up in part, and has tickets.
    BookingNotConfirmed: 409, FINAL, "booking_not_confirmed", "The booking is not confirmed";
    /// The booking has been released.
    AlreadyReleased: 409, FINAL, "already_released", "The booking is already released";
    /// The hold was given more time before, which happens once.
    AlreadyExtended: 409, FINAL, "already_extended", "The booking is already extended";
    /// The hold has run out.
    BookingExpired: 409, FINAL, "booking_expired", "The booking has expired";
    /// Its sale was taken back: nobody is admitted with it.
    TicketCancelled: 409, FINAL, "ticket_cancelled", "The ticket is cancelled";
    /// A change would leave fewer seats than are held or sold.
    CapacityInUse: 409, FINAL, "capacity_in_use", "The seats are in use";
    /// A section of that name exists.
    SectionExists: 409, FINAL, "section_exists", "The section exists already";
    /// The payment provider refuses for good, whatever is repeated.
    PaymentRefused: 409, FINAL, "payment_refused", "The payment provider refuses this payment";
    /// An organisation would have no owner left.
    LastOwner: 409, FINAL, "last_owner", "The last owner of an organisation stays";
    /// A request with the same idempotency key is still running.
    RequestInProgress: 409, RETRYABLE, "request_in_progress", "The same request is still running";
    /// The body is over the limit.
    BodyTooLarge: 413, FINAL, "body_too_large", "The body is too large";
    /// The body is not `application/json`.
    UnsupportedMediaType: 415, FINAL, "unsupported_media_type", "The body must be application/json";
    /// Well-formed, but a value is not allowed.
    ValidationFailed: 422, FINAL, "validation_failed", "A value is not allowed";
    /// A seat or section that does not exist, duplicates, none, or too many.
    InvalidSeats: 422, FINAL, "invalid_seats", "The seats cannot be reserved together";
    /// More than the payment provider takes in one payment of this currency.
    AmountTooHigh: 422, FINAL, "amount_too_high", "The amount is too high for one payment";
    /// The idempotency key came with another body.
    IdempotencyKeyReused: 422, FINAL, "idempotency_key_reused",
        "The idempotency key was used for another request";
    /// Too many requests.
    RateLimited: 429, RETRYABLE, "rate_limited", "Too many requests";
    /// A defect of ours.
    Internal: 500, FINAL, "internal_error", "Something went wrong on our side";
    /// A key or an address that the route needs is not set up: an operator has to act first.
    NotConfigured: 503, FINAL, "not_configured", "This is not set up here";
    /// A store cannot answer in time.
    Unavailable: 503, RETRYABLE, "unavailable", "The service cannot answer right now";
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
            Code::ALL.iter().filter(|code| code.retryable()).map(|code| code.as_str()).collect();
        assert_eq!(
            retryable,
            ["joining_stopped", "request_in_progress", "rate_limited", "unavailable"]
        );
    }
}
