//! Brings a database to the newest schema.

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use tokio_postgres::{Client, NoTls};

/// What a migration has added is only there for the application after this. An older schema does
/// not know it.
const GRANT_RIGHTS: &str = "DO $$ BEGIN
    IF to_regprocedure('boxoffice.grant_rights()') IS NOT NULL THEN
        PERFORM boxoffice.grant_rights();
    END IF;
END $$";

/// The root of this repository, where spin.toml is.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The migrations of this repository.
pub fn migrations_folder() -> PathBuf {
    repository().join("infra/postgres/migrations")
}

/// Applies the migrations of `folder` (`V1__name.sql`, …) that the database does not have yet,
/// and grants the application's role what it may do. Returns how many were applied. A migration
/// that was changed after it ran is an error.
pub fn migrate(url: &str, folder: &Path) -> Result<usize> {
    let migrations = refinery_core::load_sql_migrations(folder)
        .with_context(|| format!("cannot read the migrations in {}", folder.display()))?;
    run(async {
        let mut client = connect(url).await?;
        // The history of the migrations is kept here, whatever schema is named after the user.
        client.batch_execute("SET search_path = public").await?;
        let runner = refinery_core::Runner::new(&migrations);
        let report = runner.run_async(&mut client).await.context("a migration failed")?;
        client.batch_execute(GRANT_RIGHTS).await.context("the rights cannot be granted")?;
        Ok(report.applied_migrations().len())
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
