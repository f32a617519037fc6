//! Time passes for an event without anybody waiting for it.
//!
//! The scripts compare the clock of Redis with times that are stored, so moving those into the past
//! is the same as waiting. A test with real lives and a moved time holds on any machine; one with
//! lives of milliseconds holds on a fast one.

use cluster::Reply;
use scripts::keys;

use crate::stage::Stage;

impl Stage {
    /// Makes holds, passes, answers, claims and the rate of admission so much older.
    pub(crate) async fn age(&mut self, ms: i64) {
        for hold in self.holds.values_mut() {
            hold.created_at = hold.created_at.plus_ms(-ms);
            hold.expires_at = hold.expires_at.plus_ms(-ms);
        }
        let event = self.event;
        for key in [keys::expiry(event), keys::passes(event), keys::answer_times(event)] {
            for member in self.texts(&key, "ZRANGE", &["0", "-1"]).await {
                self.raw(&key, "ZINCRBY", &[&format!("-{ms}"), &member]).await;
            }
        }
        // The times in `<state> <user> <section> <quantity> <amount> <currency> <created_ms>
        // <expires_ms> <seats>`,
        self.move_words(&keys::bookings(event), ms, |_| &[6, 7]).await;
        // the end in `<pass_id> <issued_ms> <expires_ms> <live|used> <number>`, whose id says when
        // it was issued,
        self.move_words(&keys::admissions(event), ms, |_| &[2]).await;
        // and in `<fingerprint> <created_ms> <status> <body>`; a claim, which has status 0, begins
        // its body with its end.
        let of_answer = |words: &[String]| if words[2] == "0" { &[1, 3][..] } else { &[1] };
        self.move_words(&keys::answers(event), ms, of_answer).await;

        let counts = keys::counts(event);
        if let [Reply::Bytes(_)] = self.raw(&counts, "HGET", &["allowance_us"]).await[..] {
            let moved_us = (-1_000 * ms).to_string();
            self.raw(&counts, "HINCRBY", &["allowance_us", &moved_us]).await;
        }
    }

    /// Moves the times in each record of a hash: the words at the places that `times` tells.
    pub(crate) async fn move_words(
        &self,
        key: &str,
        ms: i64,
        times: impl Fn(&[String]) -> &'static [usize],
    ) {
        for field in self.texts(key, "HKEYS", &[]).await {
            let record = self.texts(key, "HGET", &[&field]).await.remove(0);
            let mut words: Vec<String> = record.split(' ').map(str::to_owned).collect();
            for place in times(&words) {
                words[*place] = (words[*place].parse::<i64>().unwrap() - ms).to_string();
            }
            self.raw(key, "HSET", &[&field, &words.join(" ")]).await;
        }
    }
}
