//! Brings a database to the newest schema: migrations, then functions and rights.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use tokio_postgres::{Client, NoTls};

use crate::function_set::FunctionSet;

/// Held by who migrates a database: two at once would apply the same migration twice. Any number
/// that nothing else locks.
const ADVISORY_LOCK: i64 = 7_162_534_430_110_285;
/// A migration of another instance takes seconds. Then there is nothing left to do.
const WAIT_FOR_ANOTHER: &str = "SET lock_timeout = '60s'; SET statement_timeout = '60s'";
/// Back to the limits of the database.
const USUAL_LIMITS: &str = "RESET lock_timeout; RESET statement_timeout";

/// What [`migrate`] changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied.
    pub migrations: usize,
    /// Whether functions and rights were applied.
    pub functions: bool,
}

/// The root of this repository, where spin.toml is.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The schema of this repository: `migrations`, `functions` and `grants.sql`.
pub fn schema_folder() -> PathBuf {
    repository().join("infra/postgres")
}

/// Applies the migrations of `folder` (`migrations/V1__name.sql`, …) that the database does not
/// have yet, each in a transaction of its own. A migration that was changed after it ran is an
/// error. Then applies the functions and rights of `folder`, if they differ from those of the
/// database or a migration was applied, all of them in one transaction: a call meanwhile finds the
/// old function or the new one, and the right to call it.
pub fn migrate(url: &str, folder: &Path) -> Result<Migrated> {
    let folder_of_migrations = folder.join("migrations");
    let migrations = refinery_core::load_sql_migrations(&folder_of_migrations)
        .with_context(|| format!("cannot read the migrations in {folder_of_migrations:?}"))?;
    let functions = FunctionSet::read(folder)?;
    run(async {
        let mut client = connect(url).await?;
        // The history of the migrations is kept here, whatever schema is named after the user.
        client.batch_execute("SET search_path = public").await?;
        client.batch_execute(WAIT_FOR_ANOTHER).await?;
        // It is given back with the connection, however this ends.
        let lock = client.execute("SELECT pg_advisory_lock($1)", &[&ADVISORY_LOCK]).await;
        lock.context("another migration of this database is running")?;
        client.batch_execute(USUAL_LIMITS).await?;
        let runner = refinery_core::Runner::new(&migrations);
        let report = runner.run_async(&mut client).await.context("a migration failed")?;
        let migrations = report.applied_migrations().len();
        // What a migration has added has no rights yet.
        let is_known = migrations == 0 && functions.is_in(&client).await?;
        if !is_known {
            functions.apply(&mut client).await?;
        }
        Ok(Migrated { migrations, functions: !is_known })
    })
}

/// Runs statements that return nothing.
pub(crate) fn execute(url: &str, statements: &str) -> Result<()> {
    run(async { Ok(connect(url).await?.batch_execute(statements).await?) })
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("no Postgres answers")?;
    // It ends with the client; an error of the connection also reaches the client's call.
    tokio::spawn(connection);
    Ok(client)
}

/// Runs a future to its end. On a thread of its own, because the caller may be in a runtime, and
/// a runtime cannot be started inside another.
fn run<T: Send>(future: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let work =
        || tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future);
    thread::scope(|scope| scope.spawn(work).join())
        .map_err(|_| anyhow!("the thread that talks to Postgres panicked"))?
}
