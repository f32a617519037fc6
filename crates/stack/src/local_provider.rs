//! The fake payment provider as a process, so that a newcomer can pay.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::http::get;
use crate::ports::free_port;
use crate::secrets::Secrets;
use crate::server::{Server, StopSignals};

/// It only opens a port.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

const SIGNALS: StopSignals =
    StopSignals { orderly: Signal::TERM, at_once: Signal::KILL, with_children: false };

/// A running fake provider. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct LocalProvider {
    server: Mutex<Server>,
    port: u16,
    api_key: String,
    /// Where browsers reach the application.
    public_url: String,
}

impl LocalProvider {
    /// Starts `program` and waits until it answers. Its events go to the application on
    /// `application_port`.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        secrets: &Secrets,
        application_port: u16,
    ) -> Result<Self> {
        let port = free_port()?;
        let api_key = secrets.provider_key.clone();
        let mut command = Command::new(program);
        command
            .args(["--port", &port.to_string()])
            .env("WEBHOOK_URL", format!("http://127.0.0.1:{application_port}/webhooks/stripe"))
            .env("STRIPE_WEBHOOK_SECRET", &secrets.stripe_webhook_secret)
            .env("STRIPE_API_KEY", &api_key);
        let log = folder.join("provider.log");
        let mut server = Server::start("the test provider", &mut command, &log, SIGNALS)?;
        server
            .wait_until(READY_TIMEOUT, |_| {
                Ok(matches!(get(port, "/_control/faults"), Ok((200, _))))
            })
            .context("the test provider does not answer")?;
        let public_url = format!("http://127.0.0.1:{application_port}");
        Ok(Self { server: Mutex::new(server), port, api_key, public_url })
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The variables by which the application finds it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let address = self.base_url();
        [
            ("stripe_api_base", address.clone()),
            ("stripe_allowed_host", address.clone()),
            ("stripe_api_key", self.api_key.clone()),
            ("mail_api_base", format!("{address}/mail")),
            ("mail_allowed_host", address),
            ("mail_api_key", self.api_key.clone()),
            ("mail_from", "Boxoffice <tickets@boxoffice.example>".to_owned()),
            ("public_url", self.public_url.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server().pid()
    }

    /// Words that only its process has.
    pub(crate) fn mark(&self) -> String {
        format!("--port {}", self.port)
    }

    pub(crate) fn detach(&self) {
        self.server().detach();
    }

    pub(crate) fn stop(&self) -> Result<()> {
        self.server().stop()
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The program, as it was built beside the program that asks.
pub fn fake_provider_program() -> Result<PathBuf> {
    crate::runtime::beside_this_program("fake-provider")
}
