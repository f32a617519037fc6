//! Subcommands for people and scripts. Each prints plain text, or the API's own JSON with `--json`.

pub(crate) mod availability;
pub(crate) mod check_in;
pub(crate) mod event;
pub(crate) mod login;
pub(crate) mod queue;
mod recomputed;
pub(crate) mod release;
pub(crate) mod reserve;
mod section;
pub(crate) mod tickets;
pub(crate) mod verify_draw;

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use domain::time::Instant;
use serde::Serialize;

use crate::client::Client;

/// One request at a time: a person waits for each answer.
const IN_FLIGHT_MAX: usize = 1;

/// Which Boxoffice is meant.
#[derive(Args)]
pub(crate) struct Server {
    /// Where Boxoffice answers.
    #[arg(long, env = "BASE_URL", default_value = "http://127.0.0.1:3000")]
    pub(crate) base_url: String,
    /// Print the answer as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Server {
    fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.base_url, IN_FLIGHT_MAX, None)
    }

    /// Prints the answer itself with `--json`, `text` otherwise.
    fn print(&self, answer: &impl Serialize, text: impl std::fmt::Display) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(answer)?);
        } else {
            println!("{}", text.to_string().trim_end());
        }
        Ok(())
    }
}

/// The caller.
#[derive(Args)]
pub(crate) struct Buyer {
    /// The buyer's token; `rush login` makes one.
    #[arg(long, env = "BUYER_TOKEN", hide_env_values = true)]
    token: String,
}

/// Now, on this machine's clock.
pub(crate) fn now() -> Instant {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_unix_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// A key that no other request has: 128 random bits.
pub(crate) fn unique() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// Money for people: `50.00 EUR`. Boxoffice knows minor units only; two decimals are what nearly
/// all currencies have, and the JSON carries the exact number.
fn money(amount: i64, currency: &str) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02} {currency}", amount / 100, amount % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals() {
        assert_eq!(money(5_000, "EUR"), "50.00 EUR");
        assert_eq!(money(-5, "USD"), "-0.05 USD");
    }

    #[test]
    fn keys_do_not_repeat() {
        assert_ne!(unique(), unique());
        assert_eq!(unique().len(), 32);
    }
}
