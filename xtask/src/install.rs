//! Installs what is missing, where this may be done without asking; else says what to type.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::geteuid;
use stack::{find_postgres, find_program, find_redis_server};

use crate::cargo::{WASM_TARGET, cargo, run_captured, run_inherit};
use crate::progress::Progress;
use crate::repository::root;

/// The rules of accessibility, and the digest of the file that is used of them.
const AXE: &str = "axe-core@4.10.3";
const AXE_SHA256: &str = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb";

/// The programs of the browser tests, any of some names, and their Debian packages.
const BROWSER: [(&[&str], &str); 3] = [
    (&["chromium", "chromium-browser", "google-chrome"], "chromium"),
    (&["chromedriver"], "chromium-driver"),
    (&["npm"], "npm"),
];

/// Makes sure that the components can be compiled.
pub(crate) fn ensure_wasm_target(progress: &Progress) -> Result<()> {
    let output = cargo_rustc(&["--print", "target-libdir", "--target", WASM_TARGET])?;
    if std::path::Path::new(output.trim()).is_dir() {
        return Ok(());
    }
    if find_program("rustup", std::iter::empty()).is_none() {
        bail!(
            "this Rust has no standard library for {WASM_TARGET}, and there is no rustup to get \
             it: install Rust from https://rustup.rs, or the package of your system that has it"
        );
    }
    progress.step(&format!("Installing the Rust target {WASM_TARGET}"));
    run_captured(Command::new("rustup").args(["target", "add", WASM_TARGET]), progress)
}

/// Makes sure that Redis and Postgres can be started.
pub(crate) fn ensure_servers(progress: &Progress) -> Result<()> {
    install(missing_servers, progress)
}

/// Makes sure that tests can drive a browser. Returns the rules of accessibility that they hold
/// pages to: a script of some 550 KB, kept in `target/`.
pub(crate) fn ensure_browser(progress: &Progress) -> Result<PathBuf> {
    install(missing_browser, progress)?;
    let folder = root().join("target/axe");
    let script = folder.join("package/axe.min.js");
    let is_right =
        || fs::read_to_string(&script).is_ok_and(|text| stack::sha256_hex(&text) == AXE_SHA256);
    if is_right() {
        return Ok(script);
    }
    progress.step(&format!("Fetching {AXE} from the npm registry"));
    fs::create_dir_all(&folder)?;
    let mut pack = Command::new("npm");
    pack.args(["pack", AXE, "--silent"]).current_dir(&folder);
    run_captured(&mut pack, progress)?;
    let archive = format!("{}.tgz", AXE.replace('@', "-"));
    let mut unpack = Command::new("tar");
    unpack.args(["-xzf", &archive, "package/axe.min.js"]).current_dir(&folder);
    run_captured(&mut unpack, progress)?;
    ensure!(is_right(), "{AXE} is not what it was: {} differs", script.display());
    Ok(script)
}

/// Installs the packages that are missing, if there are any.
fn install(missing_packages: fn() -> Vec<&'static str>, progress: &Progress) -> Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let has_apt = find_program("apt-get", std::iter::empty()).is_some();
    let Some(prefix) = apt_prefix(has_apt, geteuid().is_root(), sudo_works) else {
        bail!("{}", advice(&missing));
    };
    progress.step(&format!("Installing {} with apt-get", missing.join(" and ")));
    progress.done();
    let apt = |words: &[&str]| {
        let mut line: Vec<&str> = prefix.to_vec();
        line.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
        line.extend(words);
        // Its output belongs to standard error: standard output is for results.
        run_inherit(Command::new(line[0]).args(&line[1..]).stdout(std::io::stderr()))
    };
    let mut command = vec!["install", "--yes", "--no-install-recommends"];
    command.extend(&missing);
    apt(&["update"]).and_then(|()| apt(&command)).with_context(|| advice(&missing))?;
    match missing_packages().as_slice() {
        [] => Ok(()),
        still_missing => bail!("{}", advice(still_missing)),
    }
}

/// The Debian packages of the browser's programs that are not there.
fn missing_browser() -> Vec<&'static str> {
    let is_missing =
        |names: &[&str]| names.iter().all(|name| find_program(name, std::iter::empty()).is_none());
    BROWSER.iter().filter(|(names, _)| is_missing(names)).map(|(_, package)| *package).collect()
}

/// The Debian packages of what is not there.
fn missing_servers() -> Vec<&'static str> {
    let redis = find_redis_server().err().map(|_| "redis-server");
    let postgres = find_postgres().err().map(|_| "postgresql");
    redis.into_iter().chain(postgres).collect()
}

/// What to put before apt-get, or `None` when it cannot be used without a question.
fn apt_prefix(
    has_apt: bool,
    is_root: bool,
    sudo_works: impl FnOnce() -> bool,
) -> Option<&'static [&'static str]> {
    match (has_apt, is_root) {
        (false, _) => None,
        (true, true) => Some(&[]),
        (true, false) => sudo_works().then_some(&["sudo", "-n"]),
    }
}

fn sudo_works() -> bool {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    sudo.status().is_ok_and(|status| status.success())
}

/// What to type, on each system.
fn advice(missing: &[&str]) -> String {
    let named = |names: [(&str, &'static str); 5]| {
        let wanted = names.into_iter().filter(|(package, _)| missing.contains(package));
        wanted.map(|(_, name)| name).collect::<Vec<_>>().join(" ")
    };
    format!(
        "{} is missing and cannot be installed without you. Please run\n\n\
         \x20 Debian, Ubuntu   sudo apt-get install {}\n\
         \x20 Fedora           sudo dnf install {}\n\
         \x20 macOS            brew install {}\n\n\
         and try again, or run everything in containers: docker compose up",
        missing.join(" and "),
        missing.join(" "),
        named([
            ("redis-server", "redis"),
            ("postgresql", "postgresql-server"),
            ("chromium", "chromium"),
            ("chromium-driver", "chromedriver"),
            ("npm", "npm"),
        ]),
        named([
            ("redis-server", "redis"),
            ("postgresql", "postgresql@17"),
            ("chromium", "chromium"),
            ("chromium-driver", "chromedriver"),
            ("npm", "npm"),
        ]),
    )
}

fn cargo_rustc(words: &[&str]) -> Result<String> {
    // Through cargo's folder, so that rust-toolchain.toml of this repository decides.
    let folder = cargo().get_current_dir().map(std::path::Path::to_owned).unwrap_or_default();
    let output = Command::new("rustc").args(words).current_dir(folder).output();
    let output = output.context("cannot run rustc: install Rust from https://rustup.rs")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_is_used_only_where_it_asks_nothing() {
        assert_eq!(apt_prefix(false, true, || true), None);
        assert_eq!(apt_prefix(true, true, || false), Some(&[][..]));
        assert_eq!(apt_prefix(true, false, || true), Some(&["sudo", "-n"][..]));
        assert_eq!(apt_prefix(true, false, || false), None);
    }

    #[test]
    fn the_advice_names_only_what_is_missing() {
        let text = advice(&["postgresql"]);
        assert!(text.contains("sudo apt-get install postgresql\n"), "{text}");
        assert!(text.contains("sudo dnf install postgresql-server\n"), "{text}");
        assert!(text.contains("brew install postgresql@17\n"), "{text}");
        assert!(!text.contains("redis"), "{text}");
    }
}
