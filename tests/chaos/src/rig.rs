//! Everything a run needs: the system, the links between its parts, the provider and the sink.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use fake_provider::{Controls, FakeOptions, FakeProvider, Ledger};
use stack::{
    Application, Durability, Postgres, RedisCluster, Runtime, System, SystemOptions, free_port,
};

use crate::load::desk::Keys;
use crate::proxy::Link;
use crate::proxy::steps::Side;
use crate::proxy::trap::Trap;
use crate::sink::Sink;

/// The links of one application: to each Redis node, to Postgres, to the provider.
#[derive(Debug, Clone)]
pub struct Links {
    /// In the order of the nodes.
    pub redis: Vec<Arc<Link>>,
    /// To Postgres.
    pub postgres: Arc<Link>,
    /// To the payment provider, where there is one.
    pub provider: Option<Arc<Link>>,
    /// Ends the application at a step.
    pub trap: Arc<Trap>,
}

impl Links {
    fn start(stores: &Stores, seed: u64) -> Result<Self> {
        let trap = Arc::new(Trap::default());
        let link = |name: &str, side, address: SocketAddr, salt: u64| {
            Link::start(name, side, address, Arc::clone(&trap), seed.wrapping_add(salt))
        };
        let redis = stores.redis.iter().enumerate().map(|(index, node)| {
            link(&format!("redis-{index}"), Side::Redis, node.parse()?, 1_000 + index as u64)
        });
        let provider = stores.provider.map(|it| link("provider", Side::Provider, it, 3_000));
        Ok(Self {
            redis: redis.collect::<Result<_>>()?,
            postgres: link("postgres", Side::Postgres, stores.postgres, 2_000)?,
            provider: provider.transpose()?,
            trap,
        })
    }

    /// Every link.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.redis.iter().chain([&self.postgres]).chain(&self.provider)
    }

    /// The variables that lead an application through these links.
    fn variables(&self, stores: &Stores) -> Vec<(String, String)> {
        let nodes: Vec<_> = self.redis.iter().map(|link| link.address.to_string()).collect();
        let map: Vec<_> =
            self.redis.iter().map(|link| format!("{}={}", link.upstream, link.address)).collect();
        let database = stores
            .application_url
            .replace(&stores.postgres.to_string(), &self.postgres.address.to_string());
        let mut variables = vec![
            ("redis_nodes".to_owned(), nodes.join(",")),
            ("redis_address_map".to_owned(), map.join(",")),
            ("database_url".to_owned(), database),
        ];
        if let Some(provider) = &self.provider {
            let base = format!("http://{}", provider.address);
            variables.push(("stripe_api_base".to_owned(), base.clone()));
            variables.push(("stripe_allowed_host".to_owned(), base));
        }
        variables
    }
}

/// What the links lead to.
#[derive(Debug, Clone)]
struct Stores {
    redis: Vec<String>,
    postgres: SocketAddr,
    /// As the owner of everything, for the harness.
    database_url: String,
    /// As the application.
    application_url: String,
    provider: Option<SocketAddr>,
}

/// A running system under test.
pub struct Rig {
    /// The system; its stores can be reached past the links.
    pub system: System,
    /// Between the application and the rest.
    pub links: Links,
    /// Takes the notifications.
    pub sink: Arc<Sink>,
    /// The payment provider.
    pub provider: FakeProvider,
    /// Its controls.
    pub controls: Controls,
    stores: Stores,
    seed: u64,
    secret: String,
}

/// The key of the application at the provider. It opens nothing but the one of this run.
const API_KEY: &str = "sk_test_of_a_run_under_faults";

/// The provider, and what it signs its webhooks with.
fn start_provider(port: u16, seed: u64) -> Result<(FakeProvider, String)> {
    let secret = format!("whsec_{}", HEXLOWER.encode(&seed.to_be_bytes().repeat(4)));
    let provider = FakeProvider::start(FakeOptions {
        webhook_url: format!("http://127.0.0.1:{port}/webhooks/stripe"),
        webhook_secret: secret.clone(),
        api_key: API_KEY.to_owned(),
        seed,
        ..FakeOptions::default()
    })?;
    Ok((provider, secret))
}

/// What a rig is built from.
pub struct RigOptions {
    /// The folder of spin.toml.
    pub root: std::path::PathBuf,
    /// What runs it.
    pub runtime: Runtime,
    /// The seed of the run.
    pub seed: u64,
    /// Told about each step before it is taken.
    pub on_step: Box<dyn Fn(&str) + Send + Sync>,
}

impl Rig {
    /// Starts everything, with its data in `folder`.
    pub async fn start(folder: &Path, options: RigOptions) -> Result<Self> {
        let sink = Sink::start(options.seed ^ 0x51).await?;
        let port = free_port()?;
        let (provider, secret) = start_provider(port, options.seed)?;
        let controls = Controls::new(&provider.base_url());
        let provider_address: SocketAddr = provider.base_url().replace("http://", "").parse()?;
        let mut variables = vec![
            ("stripe_webhook_secret".to_owned(), secret.clone()),
            ("stripe_api_key".to_owned(), API_KEY.to_owned()),
            ("notification_url".to_owned(), sink.url()),
            (
                "notification_secret".to_owned(),
                "whsec_bm90aWZpY2F0aW9ucy1vZi1jaGFvcy1ydW5z".to_owned(),
            ),
            ("notification_allowed_host".to_owned(), sink.url().replace("/notifications", "")),
        ];
        variables.extend(unlimited());
        let started: Arc<Mutex<Option<(Links, Stores)>>> = Arc::default();
        let (slot, runtime) = (Arc::clone(&started), tokio::runtime::Handle::current());
        let seed = options.seed;
        let with_stores = move |redis: &RedisCluster, postgres: &Postgres| {
            let _entered = runtime.enter();
            let stores = Stores {
                redis: redis.nodes(),
                postgres: SocketAddr::from(([127, 0, 0, 1], postgres.port())),
                database_url: postgres.url(),
                application_url: postgres.application_url(),
                provider: Some(provider_address),
            };
            let links = Links::start(&stores, seed)?;
            let variables = links.variables(&stores);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((links, stores));
            Ok(variables)
        };
        let system_options = SystemOptions {
            port: Some(port),
            durability: Durability::Process,
            variables,
            with_stores: Box::new(with_stores),
            on_step: options.on_step,
            ..SystemOptions::new(&options.root, options.runtime)
        };
        let folder = folder.to_owned();
        let system =
            tokio::task::spawn_blocking(move || System::start(&folder, system_options)).await??;
        let started = started.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (links, stores) = started.context("the links were not started")?;
        links.trap.set_target(system.application().pid());
        Ok(Self { system, links, sink, provider, controls, stores, seed, secret })
    }

    /// The keys of the application.
    pub fn keys(&self) -> Keys {
        let secrets = &self.system.secrets;
        Keys {
            organiser: secrets.organiser_key.clone(),
            worker: secrets.worker_key.clone(),
            webhook_secret: self.secret.clone(),
        }
    }

    /// Everything that happened at the provider.
    pub async fn provider_ledger(&self) -> Result<Ledger> {
        self.controls.ledger().await
    }

    /// The connection string of Postgres, past the links.
    pub fn database_url(&self) -> &str {
        &self.stores.database_url
    }

    /// Starts the application again after it was ended.
    pub fn revive(&self) -> Result<()> {
        self.system.application().revive()?;
        self.links.trap.set_target(self.system.application().pid());
        Ok(())
    }

    /// A second application on the same stores, through links of its own. Blocks; must be called
    /// inside of a runtime.
    pub fn second_application(&self) -> Result<(Application, Links)> {
        let links = Links::start(&self.stores, self.seed ^ 0x2222)?;
        let application =
            self.system.second_application(free_port()?, &links.variables(&self.stores))?;
        links.trap.set_target(application.pid());
        Ok((application, links))
    }
}

/// The whole crowd comes from one address, so rates per address are not limited here.
fn unlimited() -> Vec<(String, String)> {
    ["rate_limit_per_user", "rate_limit_per_address"]
        .map(|name| (name.to_owned(), "1000000".to_owned()))
        .to_vec()
}
