//! The whole system: Redis Cluster, Postgres with its schema, and the application on top.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use crate::application::{Application, ApplicationStart};
use crate::local_provider::LocalProvider;
use crate::migrate::{migrate, schema_folder};
use crate::ports::{free_port, is_free};
use crate::postgres::{Durability, Postgres};
use crate::record::{Kind, Record};
use crate::redis_cluster::RedisCluster;
use crate::redis_node::RedisOptions;
use crate::redis_users;
use crate::runtime::Runtime;
use crate::secrets::{Secrets, write_private};

/// Variables that are known once the stores run, by their name in spin.toml.
pub type WithStores =
    dyn Fn(&RedisCluster, &Postgres) -> Result<Vec<(String, String)>> + Send + Sync;

/// How a system is run.
pub struct SystemOptions {
    /// The folder of spin.toml.
    pub root: PathBuf,
    /// What runs spin.toml.
    pub runtime: Runtime,
    /// The port to serve on; without one, any that is free.
    pub port: Option<u16>,
    /// How the nodes of the cluster are run.
    pub redis: RedisOptions,
    /// How much the data in Postgres survives.
    pub durability: Durability,
    /// The program of the fake payment provider, to start one beside the application.
    pub provider: Option<PathBuf>,
    /// Further variables of spin.toml, by their name there. They win over those set here.
    pub variables: Vec<(String, String)>,
    /// Called when the stores run, before the application starts: still more variables, such as
    /// addresses of something that stands between it and its stores. They win over all others.
    pub with_stores: Box<WithStores>,
    /// Told about each step before it is taken.
    pub on_step: Box<dyn Fn(&str) + Send + Sync>,
}

impl SystemOptions {
    /// A system on a free port, gone with its handle, whose stores are as durable as in production.
    pub fn new(root: &Path, runtime: Runtime) -> Self {
        Self {
            root: root.to_owned(),
            runtime,
            port: None,
            redis: RedisOptions::default(),
            durability: Durability::Machine,
            provider: None,
            variables: Vec::new(),
            with_stores: Box::new(|_, _| Ok(Vec::new())),
            on_step: Box::new(|_| {}),
        }
    }
}

/// A running system. It ends when this is dropped.
pub struct System {
    /// `http://127.0.0.1:<port>`.
    pub base_url: String,
    /// The keys the application was started with.
    pub secrets: Secrets,
    /// The cluster the application uses.
    pub redis: RedisCluster,
    /// The database server the application uses.
    pub postgres: Postgres,
    provider: Option<LocalProvider>,
    application: Application,
}

impl System {
    /// Starts everything with its data in `folder` and waits until the application is ready. A
    /// folder that was used before comes back with its data, ports and secrets.
    ///
    /// Writes `folder/env`: what a client needs, in shell form.
    pub fn start(folder: &Path, options: SystemOptions) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let port = match options.port {
            Some(port) => port,
            None => free_port()?,
        };
        ensure!(is_free(port), "port {port} is used by another program: choose one with --port");
        let secrets = Secrets::load_or_create(&folder.join("secrets"))?;
        (options.on_step)("Starting the Redis Cluster and Postgres");
        let (redis, postgres) = start_stores(folder, &options, &secrets)?;
        let mut record = Record::new(folder);
        for (index, address) in redis.nodes().iter().enumerate() {
            record.add(Kind::Redis, redis.pid(index), &["redis-server", address]);
        }
        let port_option = format!("-p {}", postgres.port());
        record.add(Kind::Postgres, postgres.pid(), &["postgres", &port_option]);
        let program = options.provider.as_deref();
        let provider =
            program.map(|it| LocalProvider::start(it, folder, &secrets, port)).transpose()?;
        if let Some(provider) = &provider {
            record.add(Kind::Provider, provider.pid(), &["fake-provider", &provider.mark()]);
        }
        record.write()?;

        (options.on_step)("Bringing the database up to date");
        migrate(&postgres.url(), &schema_folder_of(&options.root))?;

        (options.on_step)("Starting the application");
        let mut variables = variables(&secrets, &redis, &postgres)?;
        variables.extend(provider.iter().flat_map(LocalProvider::variables));
        variables.extend(options.variables.iter().cloned());
        variables.extend((options.with_stores)(&redis, &postgres)?);
        let application = Application::start(ApplicationStart {
            log: folder.join("application.log"),
            port,
            variables,
            runtime: options.runtime,
            root: options.root,
        })?;
        let listen = application.listen();
        record.add(Kind::Application, application.pid(), &["--listen", &listen]);
        record.write()?;
        let base_url = format!("http://{listen}");
        let system = Self { base_url, secrets, redis, postgres, provider, application };
        write_private(&folder.join("env"), &shell_lines(&system.environment()))?;
        Ok(system)
    }

    /// The environment variables that a client needs.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let provider = self.provider_url().map(|url| ("PROVIDER_URL", url));
        let own = [
            ("BASE_URL", self.base_url.clone()),
            ("ORGANISER_KEY", self.secrets.organiser_key.clone()),
            ("WORKER_KEY", self.secrets.worker_key.clone()),
            ("STRIPE_WEBHOOK_SECRET", self.secrets.stripe_webhook_secret.clone()),
            ("REDIS_NODES", self.redis.nodes().join(",")),
            ("DATABASE_URL", self.postgres.url()),
        ];
        own.into_iter().chain(provider).collect()
    }

    /// Where the local test provider is, if there is one: its API and its controls.
    pub fn provider_url(&self) -> Option<String> {
        self.provider.as_ref().map(LocalProvider::base_url)
    }

    /// From now on everything stays when this is dropped and when this program ends.
    /// [`stop_recorded`](crate::stop_recorded) stops it.
    pub fn detach(&self) {
        self.redis.detach();
        self.postgres.detach();
        if let Some(provider) = &self.provider {
            provider.detach();
        }
        self.application.detach();
    }

    /// The application.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// A second application beside the first, on the same stores and on another port, with other
    /// values for some variables. It ends when the handle is dropped.
    pub fn second_application(
        &self,
        port: u16,
        variables: &[(String, String)],
    ) -> Result<Application> {
        self.application.another(port, variables)
    }

    /// Fails with the end of its log when the application has stopped.
    pub fn expect_running(&self) -> Result<()> {
        self.application.expect_running()
    }

    /// Ends the application as a crash would.
    pub fn kill_application(&self) -> Result<()> {
        self.application.kill()
    }

    /// Stops the application in order and starts it again on the same port.
    pub fn restart_application(&self) -> Result<()> {
        self.application.restart()
    }

    /// Where the application's output goes.
    pub fn application_log(&self) -> &Path {
        self.application.log()
    }

    /// Stops everything in order, the application first.
    pub fn stop(self) -> Result<()> {
        self.application.stop()?;
        if let Some(provider) = &self.provider {
            provider.stop()?;
        }
        let (redis, postgres) = (self.redis, self.postgres);
        thread::scope(|scope| {
            let redis = scope.spawn(|| redis.stop());
            postgres.stop()?;
            redis.join().map_err(|_| anyhow!("stopping Redis panicked"))?
        })
    }
}

/// Both take seconds, so they start together.
fn start_stores(
    folder: &Path,
    options: &SystemOptions,
    secrets: &Secrets,
) -> Result<(RedisCluster, Postgres)> {
    let mut redis_options = options.redis.clone();
    redis_options.settings.extend(redis_users::settings(&secrets.redis_password));
    thread::scope(|scope| {
        let redis = scope.spawn(|| RedisCluster::start(&folder.join("redis"), &redis_options));
        let postgres = Postgres::start(&folder.join("postgres"), options.durability);
        let redis = redis.join().map_err(|_| anyhow!("starting Redis panicked"))?;
        Ok((redis?, postgres?))
    })
}

/// The schema beside spin.toml; that of this repository where there is none.
fn schema_folder_of(root: &Path) -> PathBuf {
    let folder = root.join("infra/postgres");
    if folder.is_dir() { folder } else { schema_folder() }
}

/// The variables of spin.toml, by their name there.
fn variables(
    secrets: &Secrets,
    redis: &RedisCluster,
    postgres: &Postgres,
) -> Result<Vec<(String, String)>> {
    let own = [
        ("redis_nodes", redis.nodes().join(",")),
        ("redis_username", redis_users::APPLICATION.to_owned()),
        ("database_url", postgres.application_url()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let secret = secrets.variables()?.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(own.chain(secret).collect())
}

/// `NAME='value'` lines that a shell can read.
fn shell_lines(variables: &[(&str, String)]) -> String {
    let quote = |value: &str| value.replace('\'', r"'\''");
    variables.iter().map(|(name, value)| format!("{name}='{}'\n", quote(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_value_with_quotes_is_still_one_word_of_the_shell() {
        let lines = shell_lines(&[("A", "it's".to_owned()), ("B", "$HOME".to_owned())]);
        let script = format!("{lines}printf '%s|%s' \"$A\" \"$B\"");
        let output = Command::new("sh").args(["-c", &script]).output().expect("runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it's|$HOME");
    }
}
