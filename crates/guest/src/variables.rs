//! The variables of the manifest, read when they are first needed and kept for the life of the
//! instance: each reading is a call of the host, and an instance lives for 128 requests at most.
//!
//! A component sees only the variables that its manifest entry maps, so nothing is read in advance.
//! Values of secrets never leave this crate in an error or a log line.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use cluster::{AddressMap, NodeAddress};
use domain::stripe::SECRET_LENGTH_MIN;
use domain::token::{SigningKeys, VerifyingKeys};
use spin_sdk::variables;

use crate::problem::Problem;

thread_local! {
    static TEXTS: RefCell<BTreeMap<&'static str, String>> = const { RefCell::new(BTreeMap::new()) };
    static SIGNING_KEYS: RefCell<Option<Rc<SigningKeys>>> = const { RefCell::new(None) };
    static VERIFYING_KEYS: RefCell<Option<Rc<VerifyingKeys>>> = const { RefCell::new(None) };
}

/// A variable's value; empty when it is not set.
///
/// # Errors
///
/// 503 when the host's provider cannot answer.
pub async fn text(name: &'static str) -> Result<String, Problem> {
    if let Some(value) = TEXTS.with_borrow(|texts| texts.get(name).cloned()) {
        return Ok(value);
    }
    let value = match variables::get(name).await {
        Ok(value) => value,
        Err(variables::Error::Undefined(_)) => String::new(),
        // Not kept: the next request asks again.
        Err(error) => return Err(Problem::unavailable(format!("variable {name}: {error}"))),
    };
    TEXTS.with_borrow_mut(|texts| texts.insert(name, value.clone()));
    Ok(value)
}

/// A secret of at least 24 bytes.
///
/// # Errors
///
/// 503 when it is missing or short: an empty secret would let anyone in.
pub async fn secret(name: &'static str) -> Result<String, Problem> {
    let value = text(name).await?;
    if value.len() < SECRET_LENGTH_MIN {
        let cause = format!("variable {name} must have at least {SECRET_LENGTH_MIN} bytes");
        return Err(Problem::not_configured(cause));
    }
    Ok(value)
}

/// Whether real money moves. Payments of the other mode confirm nothing.
///
/// # Errors
///
/// As [`text`].
pub async fn livemode() -> Result<bool, Problem> {
    Ok(text("stripe_livemode").await? == "true")
}

/// The public keys that verify tokens.
///
/// # Errors
///
/// 503 when none are configured.
pub async fn verifying_keys() -> Result<Rc<VerifyingKeys>, Problem> {
    if let Some(keys) = VERIFYING_KEYS.with_borrow(Clone::clone) {
        return Ok(keys);
    }
    let keys = VerifyingKeys::parse(&text("verifying_keys").await?)
        .map_err(|error| Problem::not_configured(format!("variable verifying_keys: {error}")))?;
    let keys = Rc::new(keys);
    VERIFYING_KEYS.set(Some(Rc::clone(&keys)));
    Ok(keys)
}

/// The private keys that sign tokens. Only components that issue tokens have them.
///
/// # Errors
///
/// 503 when none are configured, or when nobody could verify what the first one signs.
pub async fn signing_keys() -> Result<Rc<SigningKeys>, Problem> {
    if let Some(keys) = SIGNING_KEYS.with_borrow(Clone::clone) {
        return Ok(keys);
    }
    let keys = SigningKeys::parse(&text("signing_keys").await?)
        .map_err(|error| Problem::not_configured(format!("variable signing_keys: {error}")))?;
    if !verifying_keys().await?.know(&keys.verifying_keys()) {
        return Err(Problem::not_configured("the signing key is not among verifying_keys"));
    }
    let keys = Rc::new(keys);
    SIGNING_KEYS.set(Some(Rc::clone(&keys)));
    Ok(keys)
}

/// Where Redis is: the seeds, and the map from announced to reachable addresses.
///
/// # Errors
///
/// 503 when a text cannot be read or no seed is given.
pub async fn redis_nodes() -> Result<(Vec<NodeAddress>, AddressMap), Problem> {
    let seeds = text("redis_nodes")
        .await?
        .split(',')
        .map(str::trim)
        .filter(|node| !node.is_empty())
        .map(str::parse)
        .collect::<Result<Vec<NodeAddress>, _>>()
        .map_err(|error| Problem::not_configured(format!("variable redis_nodes: {error}")))?;
    if seeds.is_empty() {
        return Err(Problem::not_configured("variable redis_nodes is empty"));
    }
    let address_map = text("redis_address_map")
        .await?
        .parse()
        .map_err(|error| Problem::not_configured(format!("variable redis_address_map: {error}")))?;
    Ok((seeds, address_map))
}
