//! Continues a payment: asks the provider, settles, captures, gives back.
//!
//! What is to be done follows from facts of the payment, see [`domain::payment::next_step`]. Each
//! step changes one of them in one statement, and before anything that cannot be undone the
//! provider is asked how the payment stands. So a crash between any two steps, a second worker on
//! the same payment, or an old message make no difference: the next look decides.

use cluster::Transport;
use domain::payment::{PaymentNews, PaymentStep, ProviderState};
use ledger::{Database, StoredPayment};
use provider::{
    HttpTransport, Intent, IntentStatus, Provider, ProviderError, Refund, RefundPart, RefundStatus,
};
use scripts::MarkKind;

use crate::best_effort::best_effort;
use crate::bookings::find_booking::find_booking;
use crate::bookings::marks::mark_if_sold;
use crate::payments::settle_payment::settle_payment;
use crate::{Error, Stores};

/// Steps of one run: a payment passes through four at most (settle, a surprise, give back, done),
/// and gives back the shares of nine parts at most; what is more waits for the next run.
const STEPS_MAX: usize = 8;

/// Where a payment is when a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentRest {
    /// Nothing is left to do.
    Done,
    /// The buyer has not paid yet.
    Awaits,
    /// There is more to do, and no time left in this run.
    Interrupted,
}

/// Why a step has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StepError {
    /// It may succeed later.
    #[error("{0}")]
    Transient(String),
    /// It never will: an operator has to look.
    #[error("{0}")]
    Definitive(String),
    /// The provider refuses it, and always will: an operator has to look, and is told so.
    #[error("{operation}: {cause}")]
    Refused {
        /// What was asked for.
        operation: &'static str,
        /// The provider's reason.
        cause: String,
    },
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::Transient(error.to_string())
    }
}

impl From<ledger::Error> for StepError {
    fn from(error: ledger::Error) -> Self {
        Self::Transient(error.to_string())
    }
}

/// What an error of the provider means for the saga that asked for `operation`.
fn of_provider(operation: &'static str, error: &ProviderError) -> StepError {
    match error.is_definitive() {
        // mutant: a-refusal-is-retried
        Some(true) => StepError::Refused { operation, cause: error.to_string() },
        Some(false) | None => StepError::Transient(error.to_string()),
    }
}

/// What a payment is continued with.
pub(crate) struct PaymentRun<'a, T: Transport, D: Database, H> {
    pub(crate) stores: &'a Stores<T, D>,
    pub(crate) provider: &'a Provider<H>,
    /// The mode we are in: a payment of the other one is never touched.
    pub(crate) livemode: bool,
}

/// Continues `payment` as far as it goes now. On an error, the payment as it was last seen comes
/// back with it, because its saga has moved on meanwhile.
pub(crate) async fn continue_payment<T: Transport, D: Database, H: HttpTransport>(
    run: &PaymentRun<'_, T, D, H>,
    payment: &mut StoredPayment,
    in_time: &impl Fn() -> bool,
) -> Result<PaymentRest, StepError> {
    for _ in 0..STEPS_MAX {
        let step = payment.step();
        if step != PaymentStep::Done && !in_time() {
            return Ok(PaymentRest::Interrupted);
        }
        match step {
            PaymentStep::Done => return Ok(PaymentRest::Done),
            PaymentStep::Await => {
                if let Some(rest) = run.wait_for(payment).await? {
                    return Ok(rest);
                }
            }
            PaymentStep::Settle => {
                settle_payment(run.stores, payment).await?;
                run.look_again(payment).await?;
            }
            PaymentStep::Capture => run.capture(payment).await?,
            PaymentStep::GiveBack => run.give_back(payment).await?,
            PaymentStep::Withdraw => run.withdraw(payment).await?,
            PaymentStep::RefundPart => run.refund_part(payment).await?,
        }
    }
    Ok(PaymentRest::Interrupted)
}

impl<T: Transport, D: Database, H: HttpTransport> PaymentRun<'_, T, D, H> {
    /// The buyer has not paid, as far as we know. Once the booking is over, nobody shall pay for it
    /// any more: the payment is cancelled at the provider, and only then the seats go free.
    async fn wait_for(
        &self,
        payment: &mut StoredPayment,
    ) -> Result<Option<PaymentRest>, StepError> {
        self.ask(payment).await?;
        if payment.step() != PaymentStep::Await {
            return Ok(None);
        }
        let is_over = match (&payment.booking_state, payment.booking_id) {
            (Some(_), _) => payment.booking_is_over,
            // Not drained yet, or lost with Redis.
            (None, Some(booking)) => find_booking(self.stores, booking).await?.is_none(),
            (None, None) => true,
        };
        if !is_over {
            return Ok(Some(PaymentRest::Awaits));
        }
        self.cancel(payment).await?;
        Ok((payment.step() == PaymentStep::Await).then_some(PaymentRest::Awaits))
    }

    async fn capture(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        self.ask(payment).await?;
        if payment.step() != PaymentStep::Capture {
            return Ok(());
        }
        // The request that made the sale may have died before it told Redis. The money does not
        // wait for Redis.
        if let Some(booking) = payment.booking_id {
            // mutant: lost-news-stay-lost
            let marked = mark_if_sold(self.stores, booking).await;
            best_effort(self.stores, MarkKind::Sale, marked).await;
        }
        match self.provider.capture_intent(&payment.id).await {
            Ok(intent) => self.ingest(payment, &intent).await?,
            Err(ProviderError::UnexpectedState) => self.ask(payment).await?,
            Err(error) => return Err(of_provider("capture", &error)),
        }
        match payment.step() {
            PaymentStep::Capture => {
                let state = payment.provider_state.as_str();
                Err(StepError::Transient(format!("not captured: the payment is {state}")))
            }
            _ => Ok(()),
        }
    }

    async fn give_back(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        self.ask(payment).await?;
        if payment.step() != PaymentStep::GiveBack {
            return Ok(());
        }
        // mutant: refunds-without-asking
        if payment.provider_state != ProviderState::Captured {
            self.cancel(payment).await?;
        }
        // Cancelling may have found that it was captured meanwhile.
        if payment.provider_state == ProviderState::Captured {
            self.refund(payment).await?;
        }
        match payment.step() {
            PaymentStep::GiveBack => {
                let state = payment.provider_state.as_str();
                Err(StepError::Transient(format!("not given back: the payment is {state}")))
            }
            _ => Ok(()),
        }
    }

    async fn cancel(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        match self.provider.cancel_intent(&payment.id).await {
            Ok(intent) => self.ingest(payment, &intent).await,
            // It went on in the same moment.
            Err(ProviderError::UnexpectedState) => self.ask(payment).await,
            Err(error) => Err(of_provider("cancel", &error)),
        }
    }

    async fn refund(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        let begun = ledger::begin_refund(&self.stores.database, &payment.id).await?;
        if begun.is_none() {
            return self.look_again(payment).await;
        }
        match self.provider.refund_payment(&payment.id).await {
            Ok(refund) => {
                check_bank(&refund)?;
                ledger::note_refund(&self.stores.database, &payment.id, Some(&refund.id)).await?;
                let refunded = news(payment, ProviderState::Refunded, payment.amount);
                self.raise(payment, &refunded).await
            }
            Err(ProviderError::AlreadyRefunded) => {
                ledger::note_refund(&self.stores.database, &payment.id, None).await?;
                self.ask(payment).await
            }
            Err(error) => Err(of_provider("refund", &error)),
        }
    }

    /// A part of the sale was given up: its share goes back, once, whatever else goes back of the
    /// payment meanwhile. When that was all of it, the share is back with it.
    async fn refund_part(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        self.ask(payment).await?;
        let Some(part) =
            payment.owed_part.clone().filter(|_| payment.step() == PaymentStep::RefundPart)
        else {
            return Ok(());
        };
        let request = RefundPart {
            payment: &payment.id,
            name: &part.refund_key(),
            amount: part.amount,
            currency: &payment.currency,
        };
        match self.provider.refund_part(&request).await {
            Ok(refund) => {
                check_bank(&refund)?;
                // mutant: a-share-is-not-noted
                ledger::note_part_refund(&self.stores.database, &part, &refund.id).await?;
                self.ask(payment).await
            }
            Err(ProviderError::AlreadyRefunded) => {
                self.ask(payment).await?;
                match payment.step() {
                    PaymentStep::RefundPart => {
                        let text = "all is refunded, says the provider, and that it is not";
                        Err(StepError::Transient(text.to_owned()))
                    }
                    _ => Ok(()),
                }
            }
            Err(error) => Err(of_provider("refund_part", &error)),
        }
    }

    /// The seats are sold and the money is gone: the sale is undone, unless the provider says now
    /// that the money is there.
    async fn withdraw(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        self.ask(payment).await?;
        if payment.step() == PaymentStep::Withdraw {
            ledger::withdraw_sale(&self.stores.database, &payment.id).await?;
            self.look_again(payment).await?;
        }
        Ok(())
    }

    /// Asks the provider how the payment stands and takes the answer in.
    async fn ask(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        let found = self.provider.find_intent(&payment.id).await;
        let intent = found.map_err(|error| of_provider("find", &error))?;
        self.ingest(payment, &intent).await
    }

    async fn ingest(&self, payment: &mut StoredPayment, intent: &Intent) -> Result<(), StepError> {
        if intent.livemode != self.livemode {
            return Err(StepError::Definitive("the payment is of the other mode".to_owned()));
        }
        let state = state_of(intent)?;
        let names_another = match (&intent.booking_id, payment.booking_id) {
            (Some(named), Some(booking)) => *named != booking.to_string(),
            _ => false,
        };
        if names_another {
            // It was changed at the provider. It stays with its first booking and pays for none.
            let reason = "other_booking";
            ledger::give_back_payment(&self.stores.database, &payment.id, reason).await?;
        }
        let news = PaymentNews {
            amount: intent.amount,
            currency: intent.currency.clone(),
            whole: !intent.is_rounded
                && (intent.status != IntentStatus::Succeeded
                    || intent.amount_received == intent.amount),
            ..news(payment, state, intent.amount_refunded)
        };
        self.raise(payment, &news).await
    }

    async fn raise(
        &self,
        payment: &mut StoredPayment,
        news: &PaymentNews,
    ) -> Result<(), StepError> {
        let raised = ledger::raise_payment(&self.stores.database, news, self.livemode).await?;
        *payment = raised.ok_or_else(vanished)?;
        Ok(())
    }

    async fn look_again(&self, payment: &mut StoredPayment) -> Result<(), StepError> {
        let found = ledger::find_payment(&self.stores.database, &payment.id).await?;
        *payment = found.ok_or_else(vanished)?;
        Ok(())
    }
}

/// A bank can refuse a refund that the provider had taken.
fn check_bank(refund: &Refund) -> Result<(), StepError> {
    if refund.status == RefundStatus::Failed {
        let text = format!("the bank refused the refund {}", refund.id);
        return Err(StepError::Definitive(text));
    }
    Ok(())
}

fn vanished() -> StepError {
    StepError::Transient("the payment has vanished from the ledger".to_owned())
}

/// What the provider says about a payment that we know, in the words of an event.
fn news(payment: &StoredPayment, state: ProviderState, amount_refunded: i64) -> PaymentNews {
    PaymentNews {
        payment: payment.id.clone(),
        booking: None,
        state,
        amount: payment.amount,
        currency: payment.currency.clone(),
        whole: true,
        amount_refunded,
    }
}

fn state_of(intent: &Intent) -> Result<ProviderState, StepError> {
    match intent.status {
        // A failed attempt is seen in its event only; it changes nothing that is to be done.
        IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresAction => Ok(ProviderState::Created),
        IntentStatus::Processing => Ok(ProviderState::Processing),
        IntentStatus::RequiresCapture => Ok(ProviderState::Authorised),
        IntentStatus::Canceled => Ok(ProviderState::Canceled),
        IntentStatus::Succeeded if intent.amount_refunded >= intent.amount => {
            Ok(ProviderState::Refunded)
        }
        IntentStatus::Succeeded => Ok(ProviderState::Captured),
        IntentStatus::Unknown => {
            Err(StepError::Transient("the provider tells a status that we do not know".to_owned()))
        }
    }
}
