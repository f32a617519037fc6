//! The local test provider: here the fan's browser and bank are played.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

/// It is on the same machine; a busy one.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The controls of the test provider that `cargo xtask up` starts.
pub(crate) struct TestProvider {
    base_url: String,
    http: reqwest::Client,
}

impl TestProvider {
    /// The provider at `base_url`. Nothing is sent yet.
    pub(crate) fn new(base_url: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { base_url: base_url.trim_end_matches('/').to_owned(), http })
    }

    /// The fan pays. False when the payment was given up before.
    pub(crate) async fn pay(&self, payment: &str) -> Result<bool> {
        let url = format!("{}/_control/intents/{payment}/pay", self.base_url);
        let answer = self.http.post(url).json(&json!({})).send().await;
        match answer.context("the test provider does not answer")?.status().as_u16() {
            200 => Ok(true),
            400 => Ok(false),
            status => bail!("the test provider answers {status}"),
        }
    }

    /// Delivers all events of the payment again, `copies` times at once.
    pub(crate) async fn tell_again(&self, payment: &str, copies: u32) -> Result<()> {
        let url = format!("{}/_control/intents/{payment}/deliver", self.base_url);
        let answer = self.http.post(url).json(&json!({ "copies": copies })).send().await;
        answer.context("the test provider does not answer")?.error_for_status()?;
        Ok(())
    }
}
