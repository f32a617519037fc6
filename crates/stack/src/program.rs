//! Finds the programs of Redis and Postgres on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What to do when a program is missing, for each of the systems people use.
const INSTALL_REDIS: &str = "install it with `apt-get install redis-server` (Debian, Ubuntu), \
     `dnf install redis` or `dnf install valkey-compat-redis` (Fedora), `brew install redis` \
     (macOS), or run everything in containers with `docker compose up`";
const INSTALL_POSTGRES: &str = "install it with `apt-get install postgresql` (Debian, Ubuntu), \
     `dnf install postgresql-server` (Fedora), `brew install postgresql@17` (macOS), or run \
     everything in containers with `docker compose up`";

/// Folders outside of PATH in which Redis is often found.
const REDIS_FOLDERS: [&str; 4] =
    ["/usr/local/bin", "/usr/sbin", "/opt/homebrew/bin", "/opt/homebrew/opt/redis/bin"];

/// The two programs a Postgres server of our own needs, from one installation.
#[derive(Debug, Clone)]
pub struct PostgresPrograms {
    /// Makes a data folder.
    pub initdb: PathBuf,
    /// The server.
    pub postgres: PathBuf,
}

/// The `redis-server` program, from PATH or one of the usual folders.
pub fn find_redis_server() -> Result<PathBuf> {
    let folders = REDIS_FOLDERS.iter().map(PathBuf::from);
    find_program("redis-server", folders)
        .with_context(|| format!("redis-server not found: {INSTALL_REDIS}"))
}

/// The newest Postgres on this machine. Debian keeps its programs outside of PATH.
pub fn find_postgres() -> Result<PostgresPrograms> {
    let initdb = find_program("initdb", postgres_folders())
        .with_context(|| format!("postgres (initdb) not found: {INSTALL_POSTGRES}"))?;
    // The server must come from the same installation, so links are followed first.
    let initdb = fs::canonicalize(&initdb).unwrap_or(initdb);
    let postgres = initdb.with_file_name("postgres");
    anyhow::ensure!(
        postgres.is_file(),
        "{} is there but {} is not: {INSTALL_POSTGRES}",
        initdb.display(),
        postgres.display()
    );
    Ok(PostgresPrograms { initdb, postgres })
}

/// The first file of this name in PATH, then in `more_folders`.
pub fn find_program(name: &str, more_folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).chain(more_folders).collect();
    folders.into_iter().map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// Where distributions keep Postgres, newest version first.
fn postgres_folders() -> impl Iterator<Item = PathBuf> {
    let mut folders = versions_in(Path::new("/usr/lib/postgresql"), "");
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(versions_in(Path::new(homebrew), "postgresql@"));
        folders.push(Path::new(homebrew).join("postgresql/bin"));
    }
    folders.extend(versions_in(Path::new("/usr"), "pgsql-"));
    folders.into_iter()
}

/// `<parent>/<prefix><version>/bin` for each version there is, highest first.
fn versions_in(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_comes_first() {
        let parent = tempfile::tempdir().expect("a folder");
        for name in ["pg-9", "pg-17", "pg-15", "other", "pg-next"] {
            fs::create_dir(parent.path().join(name)).expect("a folder");
        }
        let found = versions_in(parent.path(), "pg-");
        let expected: Vec<PathBuf> =
            ["pg-17/bin", "pg-15/bin", "pg-9/bin"].map(|name| parent.path().join(name)).into();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_program_is_found_in_a_folder_outside_of_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("boxoffice-test-program"), "").expect("a file");
        let found =
            find_program("boxoffice-test-program", [folder.path().to_path_buf()].into_iter());
        assert_eq!(found, Some(folder.path().join("boxoffice-test-program")));
        assert_eq!(find_program("boxoffice-test-program", std::iter::empty()), None);
    }
}
