//! The variables of the manifest, read when they are first needed and kept for the life of the
//! instance.
//!
//! A component sees only the variables that its manifest entry maps, so nothing is read in advance.
//! Values of secrets never leave this crate in an error or a log line.

use std::cell::RefCell;
use std::rc::Rc;

use cluster::{AddressMap, NodeAddress};
use domain::stripe::SECRET_LENGTH_MIN;
use domain::token::KeyRing;
use spin_sdk::variables;

use crate::problem::Problem;

thread_local! {
    static KEY_RING: RefCell<Option<Rc<KeyRing>>> = const { RefCell::new(None) };
}

/// A variable's value; empty when it is not set.
///
/// # Errors
///
/// 503 when the host's provider cannot answer.
pub async fn text(name: &'static str) -> Result<String, Problem> {
    match variables::get(name).await {
        Ok(value) => Ok(value),
        Err(variables::Error::Undefined(_)) => Ok(String::new()),
        Err(error) => Err(Problem::unavailable(format!("variable {name}: {error}"))),
    }
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
        return Err(Problem::unavailable(cause));
    }
    Ok(value)
}

/// The ring of signing keys.
///
/// # Errors
///
/// 503 when no usable ring is configured.
pub async fn key_ring() -> Result<Rc<KeyRing>, Problem> {
    if let Some(ring) = KEY_RING.with_borrow(Clone::clone) {
        return Ok(ring);
    }
    let text = text("signing_keys").await?;
    let ring = KeyRing::parse(&text)
        .map_err(|error| Problem::unavailable(format!("variable signing_keys: {error}")))?;
    let ring = Rc::new(ring);
    KEY_RING.set(Some(Rc::clone(&ring)));
    Ok(ring)
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
        .map_err(|error| Problem::unavailable(format!("variable redis_nodes: {error}")))?;
    if seeds.is_empty() {
        return Err(Problem::unavailable("variable redis_nodes is empty"));
    }
    let address_map = text("redis_address_map")
        .await?
        .parse()
        .map_err(|error| Problem::unavailable(format!("variable redis_address_map: {error}")))?;
    Ok((seeds, address_map))
}
