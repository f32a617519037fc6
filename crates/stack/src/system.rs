//! The whole system: Redis Cluster, Postgres with its schema, and the application on top.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use rustix::process::Signal;

use crate::http::get;
use crate::migrate::{migrate, migrations_folder};
use crate::ports::{free_port, is_free};
use crate::postgres::Postgres;
use crate::record::{Kind, Record};
use crate::redis_cluster::RedisCluster;
use crate::redis_node::RedisOptions;
use crate::runtime::Runtime;
use crate::secrets::{Secrets, write_private};
use crate::server::{Server, StopSignals};

/// Loading compiles every component, which takes half a minute on a small busy machine.
const READY_TIMEOUT: Duration = Duration::from_secs(180);

/// A load balancer would ask about as often.
const READY_INTERVAL: Duration = Duration::from_millis(100);

/// Spin starts a process for each kind of trigger, so the whole group is stopped.
const SIGNALS: StopSignals =
    StopSignals { orderly: Signal::TERM, at_once: Signal::KILL, with_children: true };

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
    /// Further variables of spin.toml, by their name there. They win over those set here.
    pub variables: Vec<(String, String)>,
    /// Told about each step before it is taken.
    pub on_step: Box<dyn Fn(&str) + Send + Sync>,
}

impl SystemOptions {
    /// A system for a test or a demonstration: on a free port, gone with its handle.
    pub fn new(root: &Path, runtime: Runtime) -> Self {
        Self {
            root: root.to_owned(),
            runtime,
            port: None,
            redis: RedisOptions::default(),
            variables: Vec::new(),
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
    application: Mutex<Server>,
    start: Start,
}

/// Everything a (re)start of the application needs.
struct Start {
    runtime: Runtime,
    root: PathBuf,
    log: PathBuf,
    port: u16,
    variables: Vec<(String, String)>,
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
        let (redis, postgres) = start_stores(folder, &options)?;
        let mut record = Record::new(folder);
        for (index, address) in redis.nodes().iter().enumerate() {
            record.add(Kind::Redis, redis.pid(index), &["redis-server", address]);
        }
        let port_option = format!("-p {}", postgres.port());
        record.add(Kind::Postgres, postgres.pid(), &["postgres", &port_option]);
        record.write()?;

        (options.on_step)("Applying the migrations");
        migrate(&postgres.url(), &migrations_folder_of(&options.root))?;

        (options.on_step)("Starting the application");
        let start = Start {
            log: folder.join("application.log"),
            port,
            variables: variables(&secrets, &redis, &postgres, &options.variables),
            runtime: options.runtime,
            root: options.root,
        };
        let application = start.run()?;
        let listen = start.listen();
        record.add(Kind::Application, application.pid(), &["--listen", &listen]);
        record.write()?;
        let base_url = format!("http://{listen}");
        let application = Mutex::new(application);
        let system = Self { base_url, secrets, redis, postgres, application, start };
        write_private(&folder.join("env"), &shell_lines(&system.environment()))?;
        Ok(system)
    }

    /// What a client needs, as environment variables.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BASE_URL", self.base_url.clone()),
            ("ORGANISER_KEY", self.secrets.organiser_key.clone()),
            ("WORKER_KEY", self.secrets.worker_key.clone()),
            ("STRIPE_WEBHOOK_SECRET", self.secrets.stripe_webhook_secret.clone()),
            ("REDIS_NODES", self.redis.nodes().join(",")),
            ("DATABASE_URL", self.postgres.url()),
        ]
    }

    /// From now on everything stays when this is dropped and when this program ends.
    /// [`stop_recorded`](crate::stop_recorded) stops it.
    pub fn detach(&self) {
        self.redis.detach();
        self.postgres.detach();
        self.application().detach();
    }

    /// Fails with the end of its log when the application has stopped.
    pub fn expect_running(&self) -> Result<()> {
        self.application().expect_running()
    }

    /// Ends the application as a crash would.
    pub fn kill_application(&self) -> Result<()> {
        self.application().kill()
    }

    /// Stops the application in order and starts it again on the same port.
    pub fn restart_application(&self) -> Result<()> {
        let mut application = self.application();
        application.stop()?;
        *application = self.start.run()?;
        Ok(())
    }

    /// Where the application's output goes.
    pub fn application_log(&self) -> &Path {
        &self.start.log
    }

    /// Stops everything in order, the application first.
    pub fn stop(self) -> Result<()> {
        self.application().stop()?;
        let (redis, postgres) = (self.redis, self.postgres);
        thread::scope(|scope| {
            let redis = scope.spawn(|| redis.stop());
            postgres.stop()?;
            redis.join().map_err(|_| anyhow!("stopping Redis panicked"))?
        })
    }

    fn application(&self) -> MutexGuard<'_, Server> {
        self.application.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both take seconds, so they start together.
fn start_stores(folder: &Path, options: &SystemOptions) -> Result<(RedisCluster, Postgres)> {
    thread::scope(|scope| {
        let redis = scope.spawn(|| RedisCluster::start(&folder.join("redis"), &options.redis));
        let postgres = Postgres::start(&folder.join("postgres"));
        let redis = redis.join().map_err(|_| anyhow!("starting Redis panicked"))?;
        Ok((redis?, postgres?))
    })
}

/// The migrations beside spin.toml; those of this repository where there are none.
fn migrations_folder_of(root: &Path) -> PathBuf {
    let folder = root.join("infra/postgres/migrations");
    if folder.is_dir() { folder } else { migrations_folder() }
}

/// The variables of spin.toml, by their name there.
fn variables(
    secrets: &Secrets,
    redis: &RedisCluster,
    postgres: &Postgres,
    more: &[(String, String)],
) -> Vec<(String, String)> {
    let own = [("redis_nodes", redis.nodes().join(",")), ("database_url", postgres.url())];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let secret = secrets.variables().map(|(name, value)| (name.to_owned(), value.to_owned()));
    own.chain(secret).chain(more.iter().cloned()).collect()
}

/// `NAME='value'` lines that a shell can read.
fn shell_lines(variables: &[(&str, String)]) -> String {
    let quote = |value: &str| value.replace('\'', r"'\''");
    variables.iter().map(|(name, value)| format!("{name}='{}'\n", quote(value))).collect()
}

impl Start {
    fn listen(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn run(&self) -> Result<Server> {
        let mut command: Command = self.runtime.command(&self.root, &self.listen());
        for (name, value) in &self.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        let name = "the application";
        let mut server = Server::start(name, &mut command, &self.log, SIGNALS)?;
        let mut answer = String::from("no answer");
        let ready = server.wait_until(READY_TIMEOUT, |_| {
            let ready = match get(self.port, "/health/ready") {
                Ok((200, _)) => true,
                Ok((_, response)) => {
                    answer = response;
                    false
                }
                Err(_) => false,
            };
            if !ready {
                thread::sleep(READY_INTERVAL);
            }
            Ok(ready)
        });
        ready.with_context(|| format!("GET /health/ready, last answer: {}", answer.trim()))?;
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_quotes_is_still_one_word_of_the_shell() {
        let lines = shell_lines(&[("A", "it's".to_owned()), ("B", "$HOME".to_owned())]);
        let script = format!("{lines}printf '%s|%s' \"$A\" \"$B\"");
        let output = Command::new("sh").args(["-c", &script]).output().expect("runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it's|$HOME");
    }
}
