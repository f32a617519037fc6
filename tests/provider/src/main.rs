//! The fake provider as a program. See the library.

use anyhow::Result;
use clap::Parser;
use fake_provider::{FakeOptions, FakeProvider};
use tokio::signal::unix::{SignalKind, signal};

/// A payment provider that takes no money: Stripe's rules, a ledger, and faults on request.
#[derive(Parser)]
struct Arguments {
    /// The port on 127.0.0.1; 0 for any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where events are delivered.
    #[arg(long, env = "WEBHOOK_URL", default_value = "")]
    webhook_url: String,
    /// Signs the events.
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: String,
    /// The key a client must show.
    #[arg(long, env = "STRIPE_API_KEY", hide_env_values = true)]
    api_key: String,
    /// Every choice of chance follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let provider = FakeProvider::start(FakeOptions {
        port: (arguments.port != 0).then_some(arguments.port),
        webhook_url: arguments.webhook_url,
        webhook_secret: arguments.webhook_secret,
        api_key: arguments.api_key,
        seed: arguments.seed,
    })?;
    println!("Serving {}", provider.base_url());
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
