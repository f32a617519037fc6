//! Cheats: what people try, and what the contract says must come of it.

mod forge;
mod steal;

use domain::booking::{Booking, BookingStatus};

use super::plan::Plan;
use super::shopping::Held;
use super::stage::Stage;
use super::tally::Tally;
use crate::problem::Failure;

/// Something a buyer tries to get away with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cheat {
    NoPass,
    /// Reserves with a pass whose signature was changed.
    ForgedPass,
    /// Reserves with the pass of another buyer.
    StolenPass,
    /// Reserves with a pass of another event.
    ForeignPass,
    /// Asks for more tickets than one buyer may have.
    OverLimit,
    /// Uses one pass a second time.
    ReplayedPass,
    /// Uses a fresh pass many times at once.
    PassInParallel,
    /// Sends the reservation again to get a second hold.
    DoubleClick,
    /// Confirms an unpaid booking.
    ConfirmUnpaid,
    /// Reads the booking of another buyer.
    ReadOther,
    /// Releases the booking of another buyer.
    ReleaseOther,
    /// Sends a webhook signed with another secret.
    ForgedWebhook,
    /// Sends a genuine webhook again, long after it was signed.
    OldWebhook,
    WrongAmount,
    /// Pays in another currency.
    WrongCurrency,
    /// Pays with test money, marked as real, or the other way round.
    WrongMode,
}

impl Cheat {
    /// Every cheat, in the order of the table.
    pub(crate) const ALL: [Self; 16] = [
        Self::NoPass,
        Self::ForgedPass,
        Self::StolenPass,
        Self::ForeignPass,
        Self::OverLimit,
        Self::ReplayedPass,
        Self::PassInParallel,
        Self::DoubleClick,
        Self::ConfirmUnpaid,
        Self::ReadOther,
        Self::ReleaseOther,
        Self::ForgedWebhook,
        Self::OldWebhook,
        Self::WrongAmount,
        Self::WrongCurrency,
        Self::WrongMode,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoPass => "no pass",
            Self::ForgedPass => "forged pass",
            Self::StolenPass => "another buyer's pass",
            Self::ForeignPass => "another event's pass",
            Self::OverLimit => "over the limit",
            Self::ReplayedPass => "pass used again",
            Self::PassInParallel => "pass used many times at once",
            Self::DoubleClick => "reservation sent twice",
            Self::ConfirmUnpaid => "confirm without paying",
            Self::ReadOther => "read another's booking",
            Self::ReleaseOther => "release another's booking",
            Self::ForgedWebhook => "forged webhook",
            Self::OldWebhook => "old webhook",
            Self::WrongAmount => "wrong amount",
            Self::WrongCurrency => "wrong currency",
            Self::WrongMode => "wrong mode of payment",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Refused as the contract says.
    Refused,
    /// It worked.
    Accepted,
    /// It did not work, but the answer was not the one of the contract.
    Odd(String),
}

/// Cheats that need a pass and no booking.
pub(crate) async fn with_pass(stage: &Stage, tally: &Tally, token: &str, pass: &str, plan: &Plan) {
    let Some(cheat) = plan.cheat else { return };
    let verdict = match cheat {
        Cheat::NoPass => steal::reserve_with(stage, token, None, "queue_pass_required").await,
        Cheat::ForgedPass => {
            let forged = forge::pass(pass);
            steal::reserve_with(stage, token, Some(&forged), "queue_pass_invalid").await
        }
        Cheat::StolenPass => steal::pass_of_another(stage, pass).await,
        Cheat::ForeignPass => steal::pass_of_another_event(stage, tally, token).await,
        Cheat::OverLimit => steal::too_many(stage, token, pass).await,
        _ => return,
    };
    judge(tally, cheat, verdict);
}

/// Reserves with one fresh pass many times at once. Comes back with the one hold that is allowed;
/// nothing when the plan is another one, or when nothing was left to take.
pub(crate) async fn with_pass_in_parallel(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    pass: &str,
    plan: &Plan,
) -> Option<Held> {
    if plan.cheat != Some(Cheat::PassInParallel) {
        return None;
    }
    let (held, verdict) = steal::pass_in_parallel(stage, token, pass).await?;
    tally.judge(Cheat::PassInParallel, verdict);
    Some(held)
}

/// Cheats that need a booking, whose pass is spent.
pub(crate) async fn with_booking(
    stage: &Stage,
    tally: &Tally,
    token: &str,
    pass: &str,
    held: &Held,
    plan: &Plan,
) {
    let Some(cheat) = plan.cheat else { return };
    let booking = &held.booking;
    let verdict = match cheat {
        Cheat::ReplayedPass => {
            steal::reserve_with(stage, token, Some(pass), "queue_pass_used").await
        }
        Cheat::DoubleClick => steal::double_click(stage, token, pass, held).await,
        Cheat::ConfirmUnpaid => steal::confirm_unpaid(stage, token, booking).await,
        Cheat::ReadOther => steal::read_other(stage, booking).await,
        Cheat::ReleaseOther => steal::release_other(stage, booking).await,
        Cheat::ForgedWebhook => forge::webhook(stage, token, booking).await,
        Cheat::OldWebhook => forge::old_webhook(stage, token, booking).await,
        Cheat::WrongAmount => forge::payment(stage, token, booking, |claim| claim.amount = 1).await,
        Cheat::WrongCurrency => {
            forge::payment(stage, token, booking, |claim| claim.currency = "jpy".to_owned()).await
        }
        Cheat::WrongMode => {
            forge::payment(stage, token, booking, |claim| claim.livemode = !claim.livemode).await
        }
        _ => return,
    };
    judge(tally, cheat, verdict);
}

/// A cheat that could not be prepared (a login or a read failed) is an error, not an attempt.
fn judge(tally: &Tally, cheat: Cheat, verdict: Result<Verdict, Failure>) {
    if let Some(verdict) = tally.expect(cheat.name(), verdict) {
        tally.judge(cheat, verdict);
    }
}

/// Compares an answer with the code the contract demands.
fn must_be_refused<T>(answer: Result<T, Failure>, code: &str) -> Verdict {
    match answer {
        Ok(_) => Verdict::Accepted,
        Err(failure) if failure.code() == Some(code) => Verdict::Refused,
        Err(failure) => Verdict::Odd(failure.to_string()),
    }
}

/// Whatever was answered: the booking must not have become a ticket.
async fn must_not_be_confirmed(
    stage: &Stage,
    token: &str,
    booking: &Booking,
) -> Result<Verdict, Failure> {
    let status = stage.client.booking(token, booking.booking_id).await?.status;
    Ok(if status == BookingStatus::Confirmed { Verdict::Accepted } else { Verdict::Refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn refusal(code: &str) -> Result<(), Failure> {
        let (code, detail, request_id) = (code.to_owned(), String::new(), String::new());
        Err(Failure::Refused(Problem {
            status: 403,
            code,
            detail,
            request_id,
            seats: Vec::new(),
            challenge: None,
        }))
    }

    #[test]
    fn only_the_code_of_the_contract_is_a_clean_refusal() {
        let wanted = "queue_pass_used";
        assert_eq!(must_be_refused(Ok(()), wanted), Verdict::Accepted);
        assert_eq!(must_be_refused(refusal("queue_pass_used"), wanted), Verdict::Refused);
        let odd = must_be_refused(refusal("queue_pass_invalid"), wanted);
        assert!(matches!(odd, Verdict::Odd(_)), "{odd:?}");
    }
}
