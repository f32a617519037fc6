//! A Postgres server of our own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Signal, geteuid};

use crate::migrate::execute;
use crate::ports::{free_port, is_free};
use crate::program::{PostgresPrograms, find_postgres};
use crate::server::{Server, StopSignals};

/// A start after a crash replays the log first.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The log line of a server that finds sessions of a crashed one alive on its data.
const OLD_SESSIONS: &str = "pre-existing shared memory block";
/// Such sessions notice within a second or two that their server has gone.
const OLD_SESSIONS_TIMEOUT: Duration = Duration::from_secs(20);
const OLD_SESSIONS_INTERVAL: Duration = Duration::from_millis(250);

/// Spin keeps up to 64 connections for each component that uses Postgres.
const MAX_CONNECTIONS: u32 = 400;

/// `fast` ends sessions and writes a checkpoint, `immediate` stops without one. After a plain
/// kill a shared memory segment would stay behind.
const SIGNALS: StopSignals =
    StopSignals { orderly: Signal::INT, at_once: Signal::QUIT, with_children: false };

/// The superuser, who owns the schema, and the database it starts with.
const USER: &str = "boxoffice";
/// The role of the application, which the migrations make.
const APPLICATION_USER: &str = "boxoffice_app";
const DATABASE: &str = "boxoffice";
/// The database that every server has, which nothing is migrated in.
const MAINTENANCE_DATABASE: &str = "postgres";

/// How much the data of a server survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the machine, as in production.
    Machine,
    /// A crash of the server. Tests kill processes, not machines, and their data is gone with them:
    /// waiting for the disk would only slow them down, by seconds where many share it.
    Process,
}

/// A Postgres server on 127.0.0.1. It ends when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    start: Start,
    server: Mutex<Server>,
}

/// Everything a (re)start needs.
#[derive(Debug)]
struct Start {
    programs: PostgresPrograms,
    data: PathBuf,
    log: PathBuf,
    account: Option<Account>,
    durability: Durability,
}

impl Postgres {
    /// Starts a server with its data in `folder` and waits until it answers. A folder that was
    /// used before comes back with its data and port. Anyone on this machine may log in; nothing
    /// beyond 127.0.0.1 can reach it.
    pub fn start(folder: &Path, durability: Durability) -> Result<Self> {
        let programs = find_postgres()?;
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let account = if geteuid().is_root() { Some(Account::find()?) } else { None };
        let data = data_folder(folder, account.as_ref())?;
        let start = Start { programs, data, log: folder.join("postgres.log"), account, durability };
        let port = choose_port(folder)?;
        let is_new = !start.data.join("PG_VERSION").exists();
        if is_new {
            start.initialise()?;
        }
        let server = start.run(port)?;
        fs::write(folder.join("port"), port.to_string())?;
        if is_new {
            create_database(&url(port, MAINTENANCE_DATABASE), DATABASE)?;
        }
        Ok(Self { port, start, server: Mutex::new(server) })
    }

    /// The connection string of the database `boxoffice`, for its owner.
    pub fn url(&self) -> String {
        url(self.port, DATABASE)
    }

    /// The same for the application, which may only call the functions of the schema.
    pub fn application_url(&self) -> String {
        application_url(&self.url())
    }

    /// The port of 127.0.0.1 it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.server().pid()
    }

    /// Makes a database and returns its connection string.
    pub fn create_database(&self, name: &str) -> Result<String> {
        create_database(&self.url(), name)
    }

    /// From now on the server stays when this is dropped and when this program ends.
    pub fn detach(&self) {
        self.server().detach();
    }

    /// Ends the server as a crash would.
    pub fn kill(&self) -> Result<()> {
        self.server().kill()
    }

    /// Ends the server at once and without a checkpoint, as `immediate` does: sessions are cut
    /// wherever they are, and the next start replays the log.
    pub fn stop_at_once(&self) -> Result<()> {
        self.server().end(SIGNALS.at_once)
    }

    /// Stops the process that accepts connections without ending it. Sessions that are open go on.
    pub fn pause(&self) -> Result<()> {
        self.server().signal(Signal::STOP)
    }

    /// Lets a paused server go on.
    pub fn resume(&self) -> Result<()> {
        self.server().signal(Signal::CONT)
    }

    /// Starts the server again on the same port and data.
    pub fn restart(&self) -> Result<()> {
        let mut server = self.server();
        server.stop()?;
        *server = self.start.run(self.port)?;
        Ok(())
    }

    /// Stops the server in order.
    pub fn stop(self) -> Result<()> {
        self.server().stop()
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a database beside the one of `server_url` and returns its connection string. The name
/// is letters, digits and underscores.
pub fn create_database(server_url: &str, name: &str) -> Result<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    ensure!(!name.is_empty() && name.bytes().all(is_plain), "not a database name: {name}");
    let (server, _) = server_url.rsplit_once('/').context("the connection string has no path")?;
    // Sessions of a migrated database have two seconds for a statement, and this one may take more.
    execute(&format!("{server}/{MAINTENANCE_DATABASE}"), &format!("CREATE DATABASE \"{name}\""))
        .with_context(|| format!("cannot make the database {name}"))?;
    Ok(format!("{server}/{name}"))
}

impl Start {
    fn initialise(&self) -> Result<()> {
        let mut command = self.command(&self.programs.initdb);
        command.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8"]);
        command.args(["--locale", "C", "--no-instructions", "--pgdata"]).arg(&self.data);
        let output = command.output().context("cannot run initdb")?;
        if !output.status.success() {
            // A half-made data folder would be taken for a finished one the next time.
            let _ = fs::remove_dir_all(&self.data);
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// Starts the server. After a crash the last sessions of the old one may live a moment longer
    /// and keep its shared memory; they end by themselves, so they are waited for.
    fn run(&self, port: u16) -> Result<Server> {
        let begun = Instant::now();
        loop {
            match self.run_once(port) {
                Err(error)
                    if format!("{error:#}").contains(OLD_SESSIONS)
                        && begun.elapsed() < OLD_SESSIONS_TIMEOUT =>
                {
                    sleep(OLD_SESSIONS_INTERVAL);
                }
                result => return result,
            }
        }
    }

    fn run_once(&self, port: u16) -> Result<Server> {
        let mut command = self.command(&self.programs.postgres);
        command.arg("-D").arg(&self.data).args(["-p", &port.to_string()]);
        // One way in is enough, and the path of a socket in a deep folder would be too long.
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        command.args(["-c", &format!("max_connections={MAX_CONNECTIONS}")]);
        if self.durability == Durability::Process {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        let name = format!("postgres on port {port}");
        let mut server = Server::start(&name, &mut command, &self.log, SIGNALS)?;
        server.wait_until(START_TIMEOUT, |pid| {
            Ok(self.is_run_by(pid) && execute(&url(port, MAINTENANCE_DATABASE), "SELECT").is_ok())
        })?;
        Ok(server)
    }

    /// Whether this process runs on the data folder: its id is the first line of the lock file.
    fn is_run_by(&self, pid: u32) -> bool {
        let lock = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        lock.lines().next().is_some_and(|line| line.trim() == pid.to_string())
    }

    /// A command run as the account that may be Postgres, in a folder that account can be in.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C").env_remove("PGDATA");
        if let Some(account) = &self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }
}

/// The connection string of the same database for the application's role.
pub fn application_url(owner_url: &str) -> String {
    owner_url.replacen(&format!("//{USER}@"), &format!("//{APPLICATION_USER}@"), 1)
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}/{database}")
}

fn choose_port(folder: &Path) -> Result<u16> {
    let Ok(text) = fs::read_to_string(folder.join("port")) else { return free_port() };
    let port = text.trim().parse().context("the file `port` of Postgres holds no port")?;
    ensure!(
        is_free(port),
        "port {port} of the Postgres in {} is used by another program: stop that one, or drop \
         this server's data with its folder",
        folder.display()
    );
    Ok(port)
}

/// The account Postgres runs as when we are root, which Postgres refuses to be.
#[derive(Debug)]
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// `postgres`, which its packages create, else `nobody`.
    fn find() -> Result<Self> {
        let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::parse(&accounts, name))
            .context("Postgres does not run as root, and there is no user postgres or nobody")
    }

    /// Finds `name:x:<user>:<group>:…`.
    fn parse(accounts: &str, name: &str) -> Option<Self> {
        let mut fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = fields.find(|fields| fields.first() == Some(&name))?;
        Some(Self { user: found.get(2)?.parse().ok()?, group: found.get(3)?.parse().ok()? })
    }

    /// Whether this account can pass through all parents of the folder.
    fn reaches(&self, folder: &Path) -> bool {
        let mut command = Command::new("test");
        command.arg("-x").arg(folder).current_dir("/").uid(self.user).gid(self.group);
        command.status().is_ok_and(|status| status.success())
    }
}

/// The data folder inside `folder`, owned by the account. Where the account cannot get there, as
/// in the home of root, `data` is a link to a folder under /var/tmp, which outlives a reboot.
fn data_folder(folder: &Path, account: Option<&Account>) -> Result<PathBuf> {
    let data = fs::canonicalize(folder)?.join("data");
    let Some(account) = account else { return Ok(data) };
    if let Ok(existing) = fs::canonicalize(&data) {
        return Ok(existing);
    }
    open_the_way(folder);
    let is_reachable = account.reaches(folder);
    if is_reachable {
        fs::create_dir(&data)?;
    } else {
        let elsewhere =
            tempfile::Builder::new().prefix("boxoffice-postgres-").tempdir_in("/var/tmp")?;
        std::os::unix::fs::symlink(elsewhere.keep(), &data)?;
    }
    let data = fs::canonicalize(&data)?;
    chown(&data, Some(account.user), Some(account.group))?;
    Ok(data)
}

/// Lets others pass through `folder`, and through its parents that are temporary folders, which
/// are made for their owner alone. They can list nothing, and the data folder stays closed.
fn open_the_way(folder: &Path) {
    let temporary = std::env::temp_dir();
    let parents = folder.ancestors().skip(1);
    let ours = parents.take_while(|path| path.starts_with(&temporary) && **path != temporary);
    for path in [folder].into_iter().chain(ours) {
        let Ok(metadata) = fs::metadata(path) else { continue };
        let mut permissions = metadata.permissions();
        permissions.set_mode(permissions.mode() | 0o011);
        let _ = fs::set_permissions(path, permissions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgresql:x:1:1::/:\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/sh\n";
        let account = Account::parse(accounts, "postgres").expect("an account");
        assert_eq!((account.user, account.group), (101, 104));
        assert!(Account::parse(accounts, "nobody").is_none());
    }
}
