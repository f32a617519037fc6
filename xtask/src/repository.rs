//! Where things are in this repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

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
