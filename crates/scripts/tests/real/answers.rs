//! Idempotency keys of requests that are not reservations.

use crate::scene::play;
use crate::stage::Setup;

#[tokio::test]
async fn a_request_is_answered_once() {
    let rows = "
        begin k f 60000                 -> claimed
        begin k f 60000                 -> in_progress
        begin k g 60000                 -> reused
        begin other g 60000             -> claimed
        finish k g 200 stolen           -> dropped
        finish k f 200 {\"a\": \"b c\"} -> stored
        begin k f 60000                 -> replayed 200 {\"a\": \"b c\"}
        # The first answer stays.
        finish k f 500 later            -> stored
        finish k f failed               -> stored
        begin k f 60000                 -> replayed 200 {\"a\": \"b c\"}
        begin k g 60000                 -> reused
        # An answer may have no body.
        finish other g 204              -> stored
        begin other g 60000             -> replayed 204
    ";
    play(&Setup::default(), rows).await;
}

/// A reply was lost, the same request asks again. Another one with the same key waits.
#[tokio::test]
async fn a_request_is_not_locked_out_by_its_own_claim() {
    let rows = "
        begin k f 60000 as r1           -> claimed
        begin k f 60000 as r1           -> claimed
        begin k f 60000 as r2           -> in_progress
        begin k g 60000 as r2           -> reused
    ";
    play(&Setup::default(), rows).await;
}

/// The request died; the buyer comes back with another body.
#[tokio::test]
async fn a_dead_claim_does_not_burn_its_key() {
    let rows = "
        begin k f 60000                 -> claimed
        60 s later                      -> done
        begin k g 60000                 -> claimed
        finish k g 201 done             -> stored
        begin k f 60000                 -> reused
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_failed_attempt_does_not_burn_its_key() {
    let rows = "
        begin k f 60000                 -> claimed
        finish k f failed               -> dropped
        finish k f failed               -> dropped
        begin k f 60000                 -> claimed
        finish k f 201 done             -> stored
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_claim_ends_with_its_time() {
    let rows = "
        begin k f 60000                 -> claimed
        60 s later                      -> done
        begin k f 60000                 -> claimed
        # The one that was slow still says what it did; nobody did it in between.
        finish k f 200 slow             -> stored
        begin k f 60000                 -> replayed 200 slow
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn old_answers_are_forgotten_in_batches() {
    let rows = "
        begin k1 f 60000                -> claimed
        begin k2 f 60000                -> claimed
        finish k2 f 200 two             -> stored
        begin k3 f 60000                -> claimed
        forget 60000 10                 -> 0
        forget 0 2                      -> 2
        forget 0 2                      -> 1
        forget 0 2                      -> 0
        begin k2 f 60000                -> claimed
    ";
    play(&Setup::default(), rows).await;
}
