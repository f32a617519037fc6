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
        // `<state> <user> <section> <quantity> <amount> <currency> <created_ms> <expires_ms>
        // <seats>`
        self.edit(&keys::bookings(event), |words| {
            make_older(&mut words[6], ms);
            make_older(&mut words[7], ms);
        })
        .await;
        // `<pass_id> <issued_ms> <expires_ms> <live|used> <number>`
        self.edit(&keys::admissions(event), |words| {
            make_older(&mut words[1], ms);
            make_older(&mut words[2], ms);
            make_pass_older(&mut words[0], ms);
        })
        .await;
        self.passes.values_mut().for_each(|pass_id| make_pass_older(pass_id, ms));
        // `<fingerprint> <created_ms> <status> <body>`
        self.edit(&keys::answers(event), |words| make_older(&mut words[1], ms)).await;
        for entry in &self.entries {
            self.age_request(&keys::request(entry), ms).await;
        }

        let counts = keys::counts(event);
        if let [Reply::Bytes(_)] = self.raw(&counts, "HGET", &["allowance_us"]).await[..] {
            let moved_us = (-1_000 * ms).to_string();
            self.raw(&counts, "HINCRBY", &["allowance_us", &moved_us]).await;
        }
    }

    /// `<fingerprint> event <event> <request> <claim_ends_ms>`, or what ends with its key.
    async fn age_request(&self, key: &str, ms: i64) {
        let [Reply::Integer(left_ms @ 0..)] = self.raw(key, "PTTL", &[]).await[..] else { return };
        let record = self.texts(key, "GET", &[]).await.remove(0);
        let mut words: Vec<String> = record.split(' ').map(str::to_owned).collect();
        if words[1] == "event" {
            make_older(&mut words[4], ms);
            self.raw(key, "SET", &[&words.join(" "), "KEEPTTL"]).await;
        }
        self.raw(key, "PEXPIRE", &[&(left_ms - ms).to_string()]).await;
    }

    /// Changes the words of each record of a hash.
    pub(crate) async fn edit(&self, key: &str, change: impl Fn(&mut [String])) {
        for field in self.texts(key, "HKEYS", &[]).await {
            let record = self.texts(key, "HGET", &[&field]).await.remove(0);
            let mut words: Vec<String> = record.split(' ').map(str::to_owned).collect();
            change(&mut words);
            self.raw(key, "HSET", &[&field, &words.join(" ")]).await;
        }
    }
}

/// Moves a time so many ms into the past.
pub(crate) fn make_older(time: &mut String, ms: i64) {
    *time = (time.parse::<i64>().unwrap() - ms).to_string();
}

/// The same for the time at which a pass was issued, in its id `<number>.<issued_ms>`.
fn make_pass_older(pass_id: &mut String, ms: i64) {
    let (number, issued_ms) = pass_id.split_once('.').unwrap();
    *pass_id = format!("{number}.{}", issued_ms.parse::<i64>().unwrap() - ms);
}
