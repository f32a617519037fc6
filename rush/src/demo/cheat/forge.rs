//! Forged passes and payments.

use domain::booking::Booking;

use super::{Verdict, must_be_refused, must_not_be_confirmed};
use crate::command::{now, unique};
use crate::demo::paying::deliver_once;
use crate::demo::stage::Stage;
use crate::payment::{self, Claim, PaymentKind};
use crate::problem::Failure;
use crate::signature::sign;

/// Older than the 300 s that a signature is good for.
const OLD_MS: i64 = 310_000;

/// A pass with another signature: its first character is changed, so every bit of it counts (the
/// last character carries bits that do not).
pub(super) fn pass(genuine: &str) -> String {
    match genuine.rsplit_once('.') {
        Some((signed, signature)) => {
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            let rest: String = signature.chars().skip(1).collect();
            format!("{signed}.{first}{rest}")
        }
        None => "forged".to_owned(),
    }
}

/// A webhook signed with a secret that is not the provider's.
pub(super) async fn webhook(
    stage: &Stage,
    token: &str,
    booking: &Booking,
) -> Result<Verdict, Failure> {
    let now_s = now().unix_s();
    let unique = unique();
    let claim = Claim::honest(booking);
    let body = payment::event(PaymentKind::Succeeded, &claim, &unique, &unique, now_s);
    let signature = sign("whsec_of_somebody_else_entirely", &body, now_s);
    let answer = stage.client.deliver(body, &signature).await;
    both(answer, must_not_be_confirmed(stage, token, booking).await?)
}

/// A genuine webhook, caught and sent again much later.
pub(super) async fn old_webhook(
    stage: &Stage,
    token: &str,
    booking: &Booking,
) -> Result<Verdict, Failure> {
    let unique = unique();
    let claim = Claim::honest(booking);
    let signed_ms = now().unix_ms() - OLD_MS;
    let ids = (unique.as_str(), unique.as_str());
    let answer = deliver_once(stage, &claim, PaymentKind::Succeeded, ids, signed_ms).await;
    both(answer, must_not_be_confirmed(stage, token, booking).await?)
}

/// A signed payment that is not what the booking costs. It may be acknowledged: it is a fact.
pub(super) async fn payment(
    stage: &Stage,
    token: &str,
    booking: &Booking,
    change: impl FnOnce(&mut Claim),
) -> Result<Verdict, Failure> {
    let unique = unique();
    let mut claim = Claim::honest(booking);
    change(&mut claim);
    let ids = (unique.as_str(), unique.as_str());
    let answer = deliver_once(stage, &claim, PaymentKind::Succeeded, ids, now().unix_ms()).await;
    if let Err(failure @ (Failure::Unexpected { .. } | Failure::Unreachable { .. })) = answer {
        return Ok(Verdict::Odd(failure.to_string()));
    }
    must_not_be_confirmed(stage, token, booking).await
}

/// The answer must be a refusal, and it must be true.
fn both(answer: Result<(), Failure>, effect: Verdict) -> Result<Verdict, Failure> {
    Ok(match effect {
        Verdict::Refused => must_be_refused(answer, "invalid_signature"),
        Verdict::Accepted | Verdict::Odd(_) => effect,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_pass_differs_in_its_signature_only() {
        assert_eq!(pass("h.c.sig"), "h.c.Aig");
        assert_eq!(pass("h.c.Aig"), "h.c.Big");
        assert_eq!(pass("nonsense"), "forged");
    }
}
