//! Where things are in this repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the repository: the parent of this crate, also when the tool was copied elsewhere
/// and is run from within a checkout.
pub(crate) fn root() -> PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let here = env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|folder| is_root(folder)).map(Path::to_owned);
    let root = found.unwrap_or(built_in);
    fs::canonicalize(&root).unwrap_or(root)
}

fn is_root(folder: &Path) -> bool {
    folder.join("spin.toml").is_file() && folder.join("xtask").is_dir()
}

/// The folder in which `up` keeps everything. Git ignores it.
pub(crate) fn run_folder() -> PathBuf {
    root().join(".run")
}

/// The names of the components: the folders under components/, which are also their crates.
pub(crate) fn components() -> Result<Vec<String>> {
    let folder = root().join("components");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {folder:?}"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// A file of the repository as text.
pub(crate) fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// Every file that is in git or would be: ignored ones are not.
pub(crate) fn files_of_git() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.current_dir(root()).output().context("cannot run git")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr).trim());
    let text = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let paths = text.split('\0').filter(|path| !path.is_empty() && root().join(path).is_file());
    Ok(paths.map(str::to_owned).collect())
}
