//! Rate limits: so many requests of a class per user and per address.
//!
//! One key of Redis per subject, counted by `limit_rate.lua` before the work is done. A limit that
//! is not configured costs nothing.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use data_encoding::HEXLOWER;
use domain::code::Code;
use domain::id::EventId;
use domain::rate::{Rate, Rates, RouteClass};
use futures_util::future::join;
use http::{HeaderMap, HeaderName};
use scripts::{LimitRate, RateVerdict, limit_rate};
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::clock::REDIS_DEADLINE;
use crate::problem::Problem;
use crate::{log, redis, variables};

/// Draft of the HTTPAPI working group: what the rate is, and how much of it is left.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Set by the host. A client can send one too; the host's is the last.
const CLIENT_ADDRESS: &str = "spin-client-addr";
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Bytes of a digest that tell one subject from all others.
const SUBJECT_BYTES: usize = 16;

/// What the variables say.
struct Limits {
    user: Rates,
    address: Rates,
    /// Places in a queue that one address may have; 0 for any number.
    queue_places_per_address: i64,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    trusted_proxy_hops: usize,
}

thread_local! {
    /// A cache for the life of the instance, like every variable.
    static LIMITS: RefCell<Option<Rc<Limits>>> = const { RefCell::new(None) };
}

/// Counts a request of `user`, and of the address it came from.
///
/// # Errors
///
/// 429 over a limit. When Redis cannot count: 503 for a class that fails closed, else nothing.
pub async fn user(call: &Call, class: RouteClass, user: &str) -> Result<(), Problem> {
    check(call, class, Some(user)).await
}

/// Counts a request of the address it came from; for routes that anyone may call.
///
/// # Errors
///
/// As [`user`].
pub async fn address(call: &Call, class: RouteClass) -> Result<(), Problem> {
    check(call, class, None).await
}

/// Whether one more letter may go to a mailbox, whoever asks for it.
///
/// # Errors
///
/// 503 when nobody can count: then none may.
pub async fn may_write_to(email: &str) -> Result<bool, Problem> {
    let class = RouteClass::Letter;
    // One mailbox in whatever letter case.
    let limit = limits().await?.user.of(class);
    let limit = limit.map(|rate| (rate, subject(class, "mailbox", &email.to_lowercase())));
    match count(class, limit).await {
        Ok(()) => Ok(true),
        // mutant: mailboxes-are-flooded
        Err(problem) if problem.code == Code::RateLimited => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// The places that the address of this request may have in the queue of `event`, and a digest that
/// stands for the address there; nothing when addresses do not count.
///
/// # Errors
///
/// 503 when the variable or the keys cannot be read.
pub async fn queue_places(call: &Call, event: EventId) -> Result<Option<(String, i64)>, Problem> {
    let limits = limits().await?;
    let places_max = limits.queue_places_per_address;
    let address = client_address(&call.headers, limits.trusted_proxy_hops);
    let (1.., Some(address)) = (places_max, address) else { return Ok(None) };
    let keys = variables::signing_keys().await?;
    Ok(Some((keys.keyed_digest(&format!("queue address\n{event}\n{address}")), places_max)))
}

async fn check(call: &Call, class: RouteClass, user: Option<&str>) -> Result<(), Problem> {
    let limits = limits().await?;
    let of_user = limits.user.of(class).zip(user);
    let of_user = of_user.map(|(rate, user)| (rate, subject(class, "user", user)));
    let address = client_address(&call.headers, limits.trusted_proxy_hops);
    let of_address = limits.address.of(class).zip(address);
    let of_address =
        of_address.map(|(rate, address)| (rate, subject(class, "address", &address.to_string())));
    let (by_user, by_address) = join(count(class, of_user), count(class, of_address)).await;
    by_user.and(by_address)
}

async fn count(class: RouteClass, limit: Option<(Rate, String)>) -> Result<(), Problem> {
    let Some((rate, subject)) = limit else { return Ok(()) };
    let request =
        LimitRate { subject: &subject, interval_us: rate.interval_us(), burst: rate.count };
    let counted = async {
        let cluster = redis::cluster().await?;
        limit_rate(&cluster, &request, REDIS_DEADLINE).await.map_err(Problem::from)
    };
    match counted.await {
        Ok(verdict) if verdict.allowed => Ok(()),
        Ok(verdict) => Err(refusal(class, rate, verdict)),
        Err(problem) if class.fails_closed() => Err(problem),
        Err(problem) => {
            log::failed_job("limit_rate", class.as_str(), &problem.to_string());
            Ok(())
        }
    }
}

fn refusal(class: RouteClass, rate: Rate, verdict: RateVerdict) -> Problem {
    let name = class.as_str();
    let in_seconds = |ms: i64| ms.max(1).saturating_add(999) / 1_000;
    let wait_s = in_seconds(verdict.wait_ms);
    Problem::of(Code::RateLimited)
        .retry_after_s(wait_s)
        .with_header(RATE_LIMIT, &format!("\"{name}\";r={};t={wait_s}", verdict.remaining))
        .with_header(RATE_LIMIT_POLICY, &format!("\"{name}\";q={};w={}", rate.count, rate.period_s))
}

/// Letters and digits that stand for who and what, and tell nobody.
fn subject(class: RouteClass, kind: &str, identity: &str) -> String {
    let digest = Sha256::digest(format!("{}\n{kind}\n{identity}", class.as_str()));
    HEXLOWER.encode(digest.get(..SUBJECT_BYTES).unwrap_or_default())
}

async fn limits() -> Result<Rc<Limits>, Problem> {
    if let Some(limits) = LIMITS.with_borrow(Clone::clone) {
        return Ok(limits);
    }
    // A limit that cannot be read must not become no limit.
    let unreadable =
        |name: &str, error: String| Problem::not_configured(format!("variable {name}: {error}"));
    let rates = async |name| {
        let text = variables::text(name).await?;
        text.parse::<Rates>().map_err(|error| unreadable(name, error.to_string()))
    };
    let number = async |name| {
        let text = variables::text(name).await?;
        let text = if text.is_empty() { "0" } else { &text };
        text.parse::<u16>().map_err(|_| unreadable(name, "is not a number".to_owned()))
    };
    let limits = Rc::new(Limits {
        user: rates("rate_limits_user").await?,
        address: rates("rate_limits_address").await?,
        queue_places_per_address: i64::from(number("queue_places_per_address").await?),
        trusted_proxy_hops: usize::from(number("trusted_proxy_hops").await?),
    });
    LIMITS.set(Some(Rc::clone(&limits)));
    Ok(limits)
}

/// The address a request came from. Each proxy appends the address it was called from to
/// `X-Forwarded-For`, so with `hops` trusted proxies the last `hops` entries are true and what is
/// before them can be invented; without, the whole header can. `spin-client-addr` can be sent too,
/// but the host's own comes last.
///
/// An IPv6 address counts as its /64: that much a single customer has.
fn client_address(headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let forwarded = || {
        let values = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let entries: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
        let place = entries.len().checked_sub(hops)?;
        parse_address(entries.get(place)?.trim())
    };
    // mutant: invented-addresses-count
    let peer = || parse_address(headers.get_all(CLIENT_ADDRESS).iter().next_back()?.to_str().ok()?);
    let address = if hops == 0 { peer() } else { forwarded().or_else(peer) };
    address.map(network)
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(headers: &[(&'static str, &'static str)], hops: usize) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        client_address(&map, hops).map(|address| address.to_string())
    }

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let peer = ("spin-client-addr", "10.0.0.9:4711");
        for (headers, hops, address) in [
            (vec![peer], 0, "10.0.0.9"),
            // Both headers are the client's inventions here.
            (vec![("spin-client-addr", "1.1.1.1:1"), peer], 0, "10.0.0.9"),
            (vec![("x-forwarded-for", "1.1.1.1"), peer], 0, "10.0.0.9"),
            (vec![("x-forwarded-for", "1.1.1.1, 203.0.113.5"), peer], 1, "203.0.113.5"),
            (
                vec![("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.5, 10.0.0.1")],
                2,
                "203.0.113.5",
            ),
            // Fewer entries than proxies: whoever came past one of them is the peer.
            (vec![("x-forwarded-for", "1.1.1.1"), peer], 2, "10.0.0.9"),
            (vec![("x-forwarded-for", "unknown"), peer], 1, "10.0.0.9"),
            (vec![("x-forwarded-for", "203.0.113.5:99")], 1, "203.0.113.5"),
            (vec![("x-forwarded-for", "[2001:db8:1:2:3:4:5:6]:99")], 1, "2001:db8:1:2::"),
            (vec![("x-forwarded-for", "2001:db8:1:2:ffff::1")], 1, "2001:db8:1:2::"),
            (vec![("x-forwarded-for", "::ffff:203.0.113.5")], 1, "203.0.113.5"),
        ] {
            assert_eq!(address_of(&headers, hops).as_deref(), Some(address), "{headers:?} {hops}");
        }
        assert_eq!(address_of(&[], 0), None);
    }

    #[test]
    fn a_subject_tells_nobody_whom_it_stands_for() {
        let key = subject(RouteClass::Join, "address", "203.0.113.5");
        assert_eq!(key.len(), 32);
        assert_ne!(key, subject(RouteClass::Poll, "address", "203.0.113.5"));
        assert_ne!(key, subject(RouteClass::Join, "user", "203.0.113.5"));
        assert_ne!(key, subject(RouteClass::Join, "address", "203.0.113.6"));
    }
}
