//! Runs the tests of each mutant in the copy.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use stack::{Durability, Postgres, RedisCluster, RedisOptions, create_database, temporary_folder};

use super::Mutant;
use super::tree::Tree;
use crate::cargo::cargo;
use crate::install::ensure_servers;
use crate::progress::Progress;
use crate::repository::root;

/// Tests of a mutant may wait for what never comes. The longest that are named take some 20 s.
const TESTS_MAX: Duration = Duration::from_secs(180);
/// What is compiled again for each mutant is compiled fast. All the rest stays as it is.
const NOT_OPTIMISED: [&str; 8] =
    ["cluster", "domain", "guest", "ledger", "native", "provider", "sale", "scripts"];
/// How often a test run is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What became of a mutant.
enum Fate {
    /// These tests went red.
    Caught(Vec<String>),
    /// The tests did not end.
    Hung,
    /// Nobody noticed.
    Survived,
}

/// Runs the tests of each mutant, which comes with its file.
pub(super) fn run(mut mutants: Vec<(String, Mutant)>) -> Result<ExitCode> {
    // Those of one package together: the rest of the copy stays compiled.
    mutants.sort_by(|(file, one), (other_file, other)| {
        (&one.tests, file).cmp(&(&other.tests, other_file))
    });
    let progress = Progress::new();
    ensure_servers(&progress)?;
    progress.step("Copying the tree");
    let bench = Bench::new(Tree::copy()?, &progress)?;

    for selection in mutants.iter().map(|(_, mutant)| &mutant.tests).collect::<BTreeSet<_>>() {
        progress.step(&format!("With every guard: {selection}"));
        match bench.test("with_every_guard", selection)? {
            Fate::Survived => {}
            Fate::Caught(tests) => bail!("red without any mutant: {}", tests.join(", ")),
            Fate::Hung => bail!("does not end, without any mutant: {selection}"),
        }
    }
    let mut survivors = 0;
    println!("| mutant | guard | promise | caught by |\n|---|---|---|---|");
    for (file, mutant) in &mutants {
        progress.step(&format!("Without {}: {}", mutant.name, mutant.guard));
        let missing = bench.tree.without(file, mutant)?;
        let fate = bench.test(&mutant.name, &mutant.tests);
        drop(missing);
        let caught_by = match fate.with_context(|| mutant.name.clone())? {
            Fate::Caught(tests) => tests.join(", "),
            Fate::Hung => "tests that do not end".to_owned(),
            Fate::Survived => {
                survivors += 1;
                "**nothing**".to_owned()
            }
        };
        let Mutant { name, guard, promise, .. } = mutant;
        progress.done();
        println!("| {name} | {guard} | {promise} | {caught_by} |");
    }
    eprintln!("mutants: {}, survivors: {survivors}", mutants.len());
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The copy, and the servers that all test runs share.
struct Bench {
    tree: Tree,
    redis: RedisCluster,
    postgres: Postgres,
    logs: PathBuf,
}

impl Bench {
    fn new(tree: Tree, progress: &Progress) -> Result<Self> {
        progress.step("Starting the Redis Cluster and Postgres of the tests");
        let folder = temporary_folder()?;
        let redis = RedisCluster::start(&folder.join("redis"), &RedisOptions::default())?;
        let postgres = Postgres::start(&folder.join("postgres"), Durability::Process)?;
        let logs = root().join("target/mutants/logs");
        fs::create_dir_all(&logs)?;
        Ok(Self { tree, redis, postgres, logs })
    }

    /// Builds and runs a selection of tests. A mutant that does not compile proves nothing.
    fn test(&self, name: &str, selection: &str) -> Result<Fate> {
        let log = self.logs.join(format!("{name}.txt"));
        let built = finish(&mut self.cargo(&["test", "--no-run"], selection), &log, Duration::MAX)?;
        ensure!(built.is_some_and(|status| status.success()), "does not compile, see {log:?}");

        // A schema of its own, with what the schema is now.
        let database = create_database(&self.postgres.url(), &format!("mutant_{}", unique()))?;
        stack::migrate(&database, &self.tree.folder().join("infra/postgres"))?;
        let mut tests = self.cargo(&["test", "--no-fail-fast"], selection);
        tests.env("BOXOFFICE_TEST_DATABASE_URL", database);
        let Some(status) = finish(&mut tests, &log, TESTS_MAX)? else { return Ok(Fate::Hung) };
        let text = fs::read_to_string(&log)?;
        if status.success() {
            ensure!(!text.contains("running 0 tests") || text.contains(" ... ok"), "no tests ran");
            return Ok(Fate::Survived);
        }
        let red = failed_tests(&text);
        ensure!(!red.is_empty(), "the test run failed, but no test did, see {log:?}");
        Ok(Fate::Caught(red))
    }

    fn cargo(&self, words: &[&str], selection: &str) -> Command {
        let mut command = cargo();
        command.current_dir(self.tree.folder()).args(words).args(["--release", "--target-dir"]);
        command.arg(root().join("target/mutants/build"));
        for package in NOT_OPTIMISED {
            let setting = format!("profile.release.package.{package}.opt-level=0");
            command.args(["--config", &setting]);
        }
        command.args(selection.split_whitespace());
        command.env("BOXOFFICE_TEST_REDIS_NODES", self.redis.nodes().join(","));
        command
    }
}

/// Runs a command with its output in a file; `None` when it took too long and was ended.
fn finish(command: &mut Command, log: &Path, at_most: Duration) -> Result<Option<ExitStatus>> {
    let output = File::create(log).with_context(|| format!("cannot write {log:?}"))?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
    let mut child = command.spawn().context("cannot run cargo")?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > at_most {
            end(&mut child)?;
            return Ok(None);
        }
        sleep(LOOK);
    }
}

/// Ends cargo and the tests that it has started.
fn end(child: &mut Child) -> Result<()> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process_group(group.context("no process")?, Signal::KILL)?;
    child.wait()?;
    Ok(())
}

/// The names in lines `test some::name ... FAILED`.
fn failed_tests(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("test "));
    let failed = lines.filter_map(|line| line.strip_suffix(" ... FAILED"));
    failed.map(str::to_owned).collect()
}

/// Databases of earlier mutants are not removed: the server is, at the end.
fn unique() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tests_that_went_red_are_named() {
        let text = "test a::b ... ok\ntest a::c ... FAILED\ntest result: FAILED. 1 passed\n";
        assert_eq!(failed_tests(text), ["a::c"]);
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let at_most = Duration::from_millis(200);
        let ended = finish(Command::new("sleep").arg("60"), &log, at_most).expect("is ended");
        assert!(ended.is_none());
        let done = finish(Command::new("echo").arg("hello"), &log, TESTS_MAX).expect("ends");
        assert!(done.is_some_and(|status| status.success()));
        assert_eq!(fs::read_to_string(&log).expect("a log"), "hello\n");
    }
}
