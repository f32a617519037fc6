//! One answer for each idempotency key.

use std::collections::HashMap;

use crate::form::Form;
use crate::reply::Reply;

/// The keys that were used, and their answers.
#[derive(Debug, Default)]
pub(crate) struct SavedAnswers {
    keys: HashMap<String, SavedAnswer>,
}

#[derive(Debug)]
struct SavedAnswer {
    request: Fingerprint,
    /// None while the first request is under way.
    reply: Option<Reply>,
}

/// The parts of a request that must be the same under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) path: String,
    pub(crate) form: Form,
}

impl SavedAnswers {
    /// The answer for a key that was used before, or `None` for a new one.
    pub(crate) fn answer(&self, key: &str, request: &Fingerprint) -> Option<Reply> {
        let saved = self.keys.get(key)?;
        Some(match &saved.reply {
            _ if saved.request != *request => Reply::error(
                400,
                "idempotency_error",
                "",
                "Keys for idempotent requests can only be used with the same parameters they \
                 were first used with",
            ),
            None => Self::conflict(),
            Some(reply) => Reply { replayed: true, ..reply.clone() },
        })
    }

    /// 409: another request with this key is under way.
    pub(crate) fn conflict() -> Reply {
        let message = "There is currently another in-progress request using this Idempotent Key";
        Reply::error(409, "idempotency_error", "idempotency_key_in_use", message)
    }

    /// From now on the key is in use.
    pub(crate) fn begin(&mut self, key: &str, request: Fingerprint) {
        self.keys.insert(key.to_owned(), SavedAnswer { request, reply: None });
    }

    /// From now on the key has this answer, whatever it is.
    pub(crate) fn save(&mut self, key: &str, reply: &Reply) {
        if let Some(saved) = self.keys.get_mut(key) {
            saved.reply = Some(reply.clone());
        }
    }
}
