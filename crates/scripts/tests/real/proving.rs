//! Proof of work at joining: asked of newcomers, good for one place and for a while.

use domain::id::UserId;
use domain::proof::LIFE_MS;
use domain::time::Instant;
use scripts::{PlaceOutcome, QueuePlace, ShownProof, ShownReceipt, leave_queue};

use crate::later::make_older;
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage};

/// Joins with a proof whose challenge was made at that time.
async fn proven(stage: &mut Stage, user: UserId, challenged_at: Instant) -> QueuePlace {
    let proof = ShownProof::Shown { challenged_at };
    stage.join_proving(user, ShownReceipt::None, proof).await
}

async fn asked(stage: &mut Stage, user: UserId) -> QueuePlace {
    stage.join_proving(user, ShownReceipt::None, ShownProof::None).await
}

#[tokio::test]
async fn a_proof_makes_one_place() {
    for (_, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let (ann, bob) = (stage.user("ann"), stage.user("bob"));
        let refused = asked(&mut stage, ann).await;
        assert_eq!((refused.outcome, refused.waiting), (PlaceOutcome::ProofRequired, 0));
        let challenged_at = refused.now;
        let place = proven(&mut stage, ann, challenged_at).await;
        assert_eq!((place.outcome, place.fresh, place.number), (PlaceOutcome::Waiting, true, 1));
        // Who has a place is asked for nothing.
        assert_eq!(asked(&mut stage, ann).await.outcome, PlaceOutcome::Waiting);
        assert!(!proven(&mut stage, ann, challenged_at).await.fresh);

        leave_queue(&stage.cluster, stage.event, ann, DEADLINE).await.unwrap();
        let replayed = proven(&mut stage, ann, challenged_at).await;
        assert_eq!((replayed.outcome, replayed.number), (PlaceOutcome::ProofRequired, 0));
        // Challenges that were collected before the first place are as good as used.
        let replayed = proven(&mut stage, ann, place.joined_at).await;
        assert_eq!(replayed.outcome, PlaceOutcome::ProofRequired);
        // The first place was a second ago.
        let places = scripts::keys::places(stage.event);
        stage.edit(&places, |words| make_older(&mut words[1], 1_000)).await;
        let anew = asked(&mut stage, ann).await.now;
        let place = proven(&mut stage, ann, anew).await;
        assert_eq!((place.outcome, place.number), (PlaceOutcome::Waiting, 2));

        let late = place.now.plus_ms(-LIFE_MS - 1);
        assert_eq!(proven(&mut stage, bob, late).await.outcome, PlaceOutcome::ProofRequired);
        let in_time = place.now.plus_ms(-LIFE_MS + 30_000);
        assert_eq!(proven(&mut stage, bob, in_time).await.outcome, PlaceOutcome::Waiting);
    }
}

#[tokio::test]
async fn a_place_that_comes_back_was_proven_before() {
    for (_, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::with_queue()).await;
        let ann = stage.user("ann");
        let joined_at = Instant::from_unix_ms(1_700_000_000_000);
        let score = (i64::from(domain::queue::DRAW_AFTER_OPENING) << 32) + 7;
        let receipt = ShownReceipt::Honoured { score, joined_at };
        let place = stage.join_proving(ann, receipt, ShownProof::None).await;
        assert_eq!((place.outcome, place.number), (PlaceOutcome::Waiting, 7));
    }
}
