//! How often a client that follows `poll_after_ms` polls, against one that polls every half second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use domain::queue::{PlaceStatus, poll_after_ms};
use futures_util::future::try_join_all;

use super::BenchQueueArguments;
use super::streams::create_event;
use crate::client::Client;
use crate::command::unique;

/// A common interval of clients that are given none.
const FIXED: Duration = Duration::from_millis(500);
/// Fans of one line; half of them poll one way, half the other.
const FANS: u32 = 200;
/// Fans admitted each second: the last of them wait for 50 s.
const RELEASE_PER_S: u32 = 4;
/// Polls of one fan, beyond which the line stands still.
const POLLS_MAX: u32 = 600;

/// Requests and the time in which they were made.
#[derive(Debug, Clone, Copy, Default)]
struct Polls {
    requests: u32,
    waited: Duration,
}

impl Polls {
    fn per_minute(self) -> f64 {
        f64::from(self.requests) * 60.0 / self.waited.as_secs_f64().max(f64::EPSILON)
    }
}

/// Requests of a waiting fan per minute, both ways, and how many times fewer: of a line that was
/// waited in, and computed for longer ones at a steady pace.
pub(crate) async fn measure(arguments: &BenchQueueArguments) -> Result<Vec<[String; 4]>> {
    let (told, fixed) = wait_in_line(arguments).await?;
    let last_s = FANS / RELEASE_PER_S;
    let mut rows =
        vec![row(&format!("up to {last_s} s, measured"), told.per_minute(), fixed.per_minute())];
    let fixed_per_minute = 60.0 / FIXED.as_secs_f64();
    rows.extend([120, 600, 1_800, 3_600].map(|wait_s| {
        let per_minute = f64::from(polls(wait_s)) * 60.0 / f64::from(wait_s);
        row(&format!("{wait_s} s, computed"), per_minute, fixed_per_minute)
    }));
    Ok(rows)
}

fn row(wait: &str, told: f64, fixed: f64) -> [String; 4] {
    let times = format!("{:.1}x", fixed / told);
    [wait.to_owned(), format!("{told:.1}"), format!("{fixed:.1}"), times]
}

/// A line in which every other fan follows `poll_after_ms` and the others poll every half second.
async fn wait_in_line(arguments: &BenchQueueArguments) -> Result<(Polls, Polls)> {
    let client = Arc::new(Client::new(&arguments.base_url, usize::try_from(FANS)?, None)?);
    let event = create_event(&client, arguments, FANS).await?;
    let mut tokens = Vec::new();
    for _ in 0..FANS {
        let guest = client.login().await?;
        client.join(&guest.token, event, &unique(), None).await?;
        tokens.push(guest.token);
    }
    let queue = serde_json::json!({ "release_per_s": RELEASE_PER_S, "max_active": 100_000 });
    let change = serde_json::json!({ "sale": { "queue": queue } });
    client.change_event(&arguments.organiser_key, event, &change).await?;
    let waiting = tokens.iter().enumerate().map(async |(index, token)| {
        let fixed = (index % 2 == 1).then_some(FIXED);
        let begun = Instant::now();
        let mut requests = 0;
        loop {
            let place = client.position(token, event, None, 0).await?;
            requests += 1;
            if place.status == PlaceStatus::Admitted {
                return anyhow::Ok((fixed.is_some(), Polls { requests, waited: begun.elapsed() }));
            }
            ensure!(requests < POLLS_MAX, "a line that stands still");
            tokio::time::sleep(fixed.unwrap_or(Duration::from_millis(place.poll_after_ms))).await;
        }
    });
    let (mut told, mut fixed) = (Polls::default(), Polls::default());
    for (is_fixed, Polls { requests, waited }) in try_join_all(waiting).await? {
        let sum = if is_fixed { &mut fixed } else { &mut told };
        sum.requests += requests;
        sum.waited += waited;
    }
    Ok((told, fixed))
}

/// Requests of one fan who waits `wait_s` at a steady pace and follows `poll_after_ms`.
fn polls(wait_s: u32) -> u32 {
    let mut left_ms = u64::from(wait_s) * 1_000;
    let mut polls = 0;
    while left_ms > 0 {
        polls += 1;
        let left_s = i64::try_from(left_ms.div_ceil(1_000)).unwrap_or(i64::MAX);
        left_ms = left_ms.saturating_sub(poll_after_ms(left_s));
    }
    polls
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bar of the waiting room: at least 3.9 times fewer requests than the fixed poll, for
    /// waits of two minutes and more.
    #[test]
    fn those_who_are_told_poll_far_less() {
        for wait_s in [120, 600, 1_800, 3_600] {
            let fixed = wait_s * 2;
            assert!(polls(wait_s) * 39 <= fixed * 10, "{wait_s} s: {} polls", polls(wait_s));
        }
    }
}
