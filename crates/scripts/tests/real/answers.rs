//! Idempotency keys: whose they are, and what is answered again.

use scripts::{Answer, BeginOutcome, BeginRequest, FinishOutcome, FinishRequest, Idempotency};

use crate::scene::play;
use crate::stage::{DEADLINE, Setup, Stage};

impl Stage {
    /// Every request is another one, unless a row names it.
    pub(crate) fn next_request_name(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    /// The entry of this scene: the record of a key is found from every event.
    fn entry(&self, entry: &str) -> String {
        format!("{}-{entry}", self.event)
    }

    /// `words`: nothing, `here` when this event keeps the answer, `here after <fingerprint>` when
    /// it has none to that request.
    pub(crate) async fn begin(
        &mut self,
        entry: &str,
        fingerprint: &str,
        ttl_ms: &str,
        name: &str,
        words: &[&str],
    ) -> String {
        let entry = self.entry(entry);
        self.entries.insert(entry.clone());
        let request = BeginRequest {
            idempotency: Idempotency { entry: &entry, fingerprint },
            claim_ttl_ms: ttl_ms.parse().unwrap(),
            name,
            kept_by: (words.first() == Some(&"here")).then_some(self.event),
            disproved: words.get(2).copied(),
        };
        match scripts::begin_request(&self.cluster, &request, DEADLINE).await.unwrap() {
            BeginOutcome::Claimed => "claimed".to_owned(),
            BeginOutcome::Replayed { status, body } => format!("replayed {status} {body}"),
            BeginOutcome::Reused => "reused".to_owned(),
            BeginOutcome::InProgress => "in_progress".to_owned(),
            BeginOutcome::Doubtful { event, fingerprint } => {
                assert_eq!(event, self.event);
                format!("doubtful {fingerprint}")
            }
        }
    }

    pub(crate) async fn finish(
        &self,
        entry: &str,
        fingerprint: &str,
        name: &str,
        words: &[&str],
    ) -> String {
        let entry = &self.entry(entry);
        let body = words[1..].join(" ");
        let answer = match words[0] {
            "failed" => None,
            status => Some(Answer { status: status.parse().unwrap(), body: &body }),
        };
        let idempotency = Idempotency { entry, fingerprint };
        let request = FinishRequest { idempotency, name, answer };
        match scripts::finish_request(&self.cluster, &request, DEADLINE).await.unwrap() {
            FinishOutcome::Stored => "stored".to_owned(),
            FinishOutcome::Dropped => "dropped".to_owned(),
        }
    }
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let rows = "
        begin k f 60000 as r1           -> claimed
        begin k f 60000                 -> in_progress
        begin k g 60000                 -> reused
        begin other g 60000 as r2       -> claimed
        finish k g as r2 200 stolen     -> dropped
        finish k f as r1 200 {\"a\": \"b c\"} -> stored
        begin k f 60000                 -> replayed 200 {\"a\": \"b c\"}
        # The first answer stays.
        finish k f as r1 500 later      -> stored
        finish k f as r1 failed         -> stored
        begin k f 60000                 -> replayed 200 {\"a\": \"b c\"}
        begin k g 60000                 -> reused
        # An answer may have no body.
        finish other g as r2 204        -> stored
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
        begin k g 60000 as r2           -> claimed
        finish k g as r2 201 done       -> stored
        begin k f 60000                 -> reused
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_failed_attempt_does_not_burn_its_key() {
    let rows = "
        begin k f 60000 as r1           -> claimed
        # Nobody gives back what is another one's.
        finish k f as r2 failed         -> dropped
        begin k f 60000 as r2           -> in_progress
        finish k f as r1 failed         -> dropped
        finish k f as r1 failed         -> dropped
        begin k g 60000 as r2           -> claimed
        finish k g as r2 201 done       -> stored
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_claim_ends_with_its_time() {
    let rows = "
        begin k f 60000 as r1           -> claimed
        60 s later                      -> done
        begin k f 60000 as r2           -> claimed
        # The one that was slow still says what it did; nobody did it in between.
        finish k f as r1 200 slow       -> stored
        begin k f 60000                 -> replayed 200 slow
        86400 s later                   -> done
        begin k g 60000                 -> claimed
    ";
    play(&Setup::default(), rows).await;
}

/// The script of the event gives both one answer; the key says only whose it is.
#[tokio::test]
async fn a_key_whose_answer_an_event_keeps_belongs_to_one_request() {
    let rows = "
        begin k f 60000 as r1 here          -> claimed
        begin k f 60000 as r2 here          -> claimed
        begin k g 60000 as r3 here          -> reused
        # One of two knows only of itself.
        finish k f as r1 failed             -> dropped
        begin k g 60000 as r3 here          -> reused
        60 s later                          -> done
        begin k g 60000 as r3 here          -> doubtful f
        begin k g 60000 as r3 here after e  -> doubtful f
        begin k g 60000 as r3 here after f  -> claimed
        begin k f 60000 as r1 here          -> reused
        # Another one with the key came first.
        begin k f 60000 as r1 here after f  -> reused
        finish k g as r3 failed             -> dropped
        begin k f 60000 as r1 here          -> claimed
        86400 s later                       -> done
        begin k g 60000 as r3 here          -> claimed
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn old_answers_are_forgotten_in_batches() {
    let rows = "
        admit 1 by hand key=k1/f        -> 0 in, 0 wait, 0 active
        admit 1 by hand key=k2/f        -> 0 in, 0 wait, 0 active
        admit 1 by hand key=k3/f        -> 0 in, 0 wait, 0 active
        admit 1 by hand key=k2/g        -> idempotency_key_reused
        forget 60000 10                 -> 0
        forget 0 2                      -> 2
        forget 0 2                      -> 1
        forget 0 2                      -> 0
        admit 1 by hand key=k2/g        -> 0 in, 0 wait, 0 active
    ";
    play(&Setup::default(), rows).await;
}
