//! Who is at the door.

use domain::door_session::{DOOR_SESSION_TTL_S, DoorKey};
use guest::session::{FormSeal, is_https, seal, with_strict_cookie};
use guest::{Call, Problem, Reply, clock, variables};
use uuid::Uuid;

/// The cookie of a session. Over HTTPS no page of another host, and no path, can set it.
const COOKIE: &str = "boxoffice_door";
const COOKIE_SECURE: &str = "__Host-boxoffice_door";

/// Somebody who has signed in.
pub(super) struct DoorSession(String);

impl DoorSession {
    /// The seal of the forms of one page.
    pub(super) fn seal(&self) -> FormSeal {
        seal(&self.0)
    }

    /// As it is written.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// The session of the browser; nothing when it has none, or when it has ended.
///
/// # Errors
///
/// 503 while no organiser key is configured.
pub(super) async fn known(call: &Call) -> Result<Option<DoorSession>, Problem> {
    let sent = call.cookie(COOKIE_SECURE).or_else(|| call.cookie(COOKIE));
    let Some(sent) = sent else { return Ok(None) };
    let is_open = key().await?.is_open(sent, clock::now());
    Ok(is_open.then(|| DoorSession(sent.to_owned())))
}

/// Lets the browser be at the door from now on.
///
/// # Errors
///
/// As [`known`].
pub(super) async fn begin(reply: Reply, call: &Call) -> Result<Reply, Problem> {
    let session = key().await?.issue(Uuid::now_v7(), clock::now());
    Ok(remember(reply, call, &session, DOOR_SESSION_TTL_S))
}

/// Lets the browser forget that it was at the door.
pub(super) fn end(reply: Reply, call: &Call) -> Reply {
    remember(reply, call, "", 0)
}

fn remember(reply: Reply, call: &Call, session: &str, ttl_s: i64) -> Reply {
    let name = if is_https(call) { COOKIE_SECURE } else { COOKIE };
    with_strict_cookie(reply, call, name, session, "/", ttl_s)
}

async fn key() -> Result<DoorKey, Problem> {
    let key = variables::secret("organiser_key").await?;
    DoorKey::of(&key).ok_or_else(|| Problem::internal("the organiser's key makes no sessions"))
}
