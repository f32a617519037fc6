//! The functions and rights of the schema, applied whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// The folders of `functions`, in the order in which they are applied: a body that is bound when
/// its function is created calls functions of `types` only.
pub const FUNCTION_AREAS: [&str; 9] =
    ["types", "events", "queue", "bookings", "tickets", "payments", "people", "audit", "worker"];

/// Functions may call each other in any order. Nothing here locks what callers use, so it may wait
/// for an operator who changes a function by hand.
const LIMITS: &str = "SET LOCAL check_function_bodies = off; \
    SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30s'";

/// The name of a function while another one takes its place.
const REPLACED: &str = "being_replaced";

/// Every function with its parameters, and what it returns: a set or one, then each column.
const RESULTS: &str = "
    SELECT p.oid::regprocedure::text AS signature, string_to_array(
        CASE WHEN p.proretset THEN 'SETOF' ELSE 'one' END || coalesce(
            (SELECT string_agg(',' || name || ' ' || format_type(kind, NULL), '' ORDER BY number)
            FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes)
                WITH ORDINALITY AS argument (name, kind, mode, number)
            WHERE mode IN ('o', 'b', 't')),
            ',' || format_type(p.prorettype, NULL)
        ), ',') AS result
    FROM pg_proc AS p WHERE p.pronamespace = 'boxoffice'::regnamespace";

/// The files of `functions` and `grants.sql`.
pub(crate) struct FunctionSet {
    functions: Vec<Function>,
    /// Signatures of functions that go: see functions/dropped.txt.
    dropped: Vec<String>,
    grants: String,
    /// SHA-256 of all of it, in hex.
    digest: String,
}

struct Function {
    name: String,
    text: String,
}

impl FunctionSet {
    /// Reads the files of `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let root = folder.join("functions");
        for folder in names(&root)? {
            let is_known = FUNCTION_AREAS.contains(&folder.as_str()) || folder == "dropped.txt";
            ensure!(is_known, "{root:?} has {folder}, which is not applied");
        }
        let mut functions = Vec::new();
        for area in FUNCTION_AREAS {
            let area = root.join(area);
            for file in names(&area)? {
                let path = area.join(&file);
                let name = file.strip_suffix(".sql").map(str::to_owned);
                let name = name.with_context(|| format!("{path:?} is not a function"))?;
                functions.push(Function { name, text: read(&path)? });
            }
        }
        let dropped = read(&root.join("dropped.txt"))?;
        let dropped = dropped.lines().map(str::trim);
        let dropped = dropped.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let dropped: Vec<_> = dropped.map(str::to_owned).collect();
        let grants = read(&folder.join("grants.sql"))?;

        let mut digest = Sha256::new();
        let texts = functions.iter().map(|it| &it.text).chain(&dropped).chain([&grants]);
        for text in texts {
            digest.update(text);
            digest.update([0]);
        }
        let digest = HEXLOWER.encode(&digest.finalize());
        Ok(Self { functions, dropped, grants, digest })
    }

    /// Whether the database has exactly this set.
    pub(crate) async fn is_in(&self, client: &Client) -> Result<bool> {
        let known = "SELECT FROM boxoffice.function_set WHERE digest = $1";
        Ok(!client.query(known, &[&self.digest]).await?.is_empty())
    }

    /// Applies all of it in one transaction.
    pub(crate) async fn apply(&self, client: &mut Client) -> Result<()> {
        let transaction = client.transaction().await?;
        transaction.batch_execute(LIMITS).await?;
        let before = results(&transaction).await?;
        for function in &self.functions {
            let applied = function.apply(&transaction).await;
            applied.with_context(|| format!("the function {} cannot be applied", function.name))?;
        }
        ensure_results_only_grow(&before, &results(&transaction).await?)?;
        for signature in &self.dropped {
            let drop = format!("DROP FUNCTION IF EXISTS boxoffice.{signature}");
            let dropped = transaction.batch_execute(&drop).await;
            dropped.with_context(|| format!("the function {signature} cannot be dropped"))?;
        }
        // mutant: later-steps-without-rights
        transaction.batch_execute(&self.grants).await.context("the rights cannot be granted")?;
        let note = "INSERT INTO boxoffice.function_set (digest) VALUES ($1)
            ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, applied_at = now()";
        transaction.execute(note, &[&self.digest]).await?;
        transaction.commit().await.context("the functions cannot be committed")
    }
}

impl Function {
    async fn apply(&self, transaction: &Transaction<'_>) -> Result<()> {
        // mutant: functions-are-committed-one-by-one
        transaction.batch_execute("SAVEPOINT function").await?;
        match transaction.batch_execute(&self.text).await {
            Err(error) if error.code() == Some(&SqlState::INVALID_FUNCTION_DEFINITION) => {
                transaction.batch_execute("ROLLBACK TO SAVEPOINT function").await?;
                self.take_its_place(transaction).await
            }
            other => Ok(other?),
        }
    }

    /// Postgres replaces no function by one that returns something else, or names its parameters
    /// otherwise. So the one with the same parameters goes; those with others stay, because an
    /// application of the release before may call them.
    async fn take_its_place(&self, transaction: &Transaction<'_>) -> Result<()> {
        let name = &self.name;
        rename_all(transaction, name, REPLACED).await?;
        transaction.batch_execute(&self.text).await?;
        let replaced = "SELECT old.oid::regprocedure::text FROM pg_proc AS old
            JOIN pg_proc AS new USING (pronamespace, proargtypes)
            WHERE old.pronamespace = 'boxoffice'::regnamespace
                AND old.proname = $1 AND new.proname = $2";
        for row in transaction.query(replaced, &[&REPLACED, name]).await? {
            let signature: String = row.get(0);
            transaction.batch_execute(&format!("DROP FUNCTION {signature}")).await?;
        }
        rename_all(transaction, REPLACED, name).await
    }
}

/// What each function returns.
async fn results(transaction: &Transaction<'_>) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = transaction.query(RESULTS, &[]).await?;
    Ok(rows.iter().map(|row| (row.get("signature"), row.get("result"))).collect())
}

/// The application of the release before calls the new functions, and reads the columns it knows by
/// their names: these stay, and others come behind them.
fn ensure_results_only_grow(
    before: &BTreeMap<String, Vec<String>>,
    after: &BTreeMap<String, Vec<String>>,
) -> Result<()> {
    for (signature, old) in before {
        let Some(new) = after.get(signature) else { continue };
        // mutant: results-change-under-the-old-application
        let is_kept = new.starts_with(old);
        ensure!(
            is_kept,
            "{signature} returned ({}), which the application of the release before still reads, \
             and would return ({}). Add columns at the end, or give the function another name",
            old.join(", "),
            new.join(", "),
        );
    }
    Ok(())
}

/// Renames all functions of the schema that have the name `from`, whatever their parameters.
async fn rename_all(transaction: &Transaction<'_>, from: &str, to: &str) -> Result<()> {
    let all = "SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = 'boxoffice'::regnamespace AND p.proname = $1";
    for row in transaction.query(all, &[&from]).await? {
        let signature: String = row.get(0);
        transaction.batch_execute(&format!("ALTER FUNCTION {signature} RENAME TO {to}")).await?;
    }
    Ok(())
}

/// The SHA-256 of a text, in hex.
pub fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {folder:?}"))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path:?}"))
}
