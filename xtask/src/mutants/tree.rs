//! A copy of the tree, in which guards may be missing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Mutant;
use crate::repository::{files_of_git, root};

/// The copy. It stays from run to run, and only what differs is written, so that cargo compiles
/// again only what has changed.
pub(super) struct Tree {
    folder: PathBuf,
}

impl Tree {
    /// Brings the copy up to date with what is checked out here, uncommitted changes included.
    pub(super) fn copy() -> Result<Self> {
        let tree = Self { folder: root().join("target/mutants/tree") };
        let paths = files_of_git()?;
        for path in &paths {
            let (here, there) = (root().join(path), tree.folder.join(path));
            if fs::read(&here)? != fs::read(&there).unwrap_or_default() || !there.exists() {
                let folder = there.parent().context("a file without a folder")?;
                fs::create_dir_all(folder)?;
                fs::copy(&here, &there).with_context(|| format!("cannot copy {path}"))?;
            }
        }
        tree.remove_what_is_gone(&tree.folder, &paths)?;
        Ok(tree)
    }

    fn remove_what_is_gone(&self, folder: &Path, paths: &[String]) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.remove_what_is_gone(&path, paths)?;
            } else if !paths.iter().any(|known| self.folder.join(known) == path) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {path:?}"))?;
            }
        }
        Ok(())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the guard out of this file until the result is dropped.
    pub(super) fn without(&self, file: &str, mutant: &Mutant) -> Result<Missing> {
        let path = self.folder.join(file);
        let original = fs::read_to_string(&path)?;
        let mutated = mutant.apply(file, &original).context("the guard is not at its mark")?;
        fs::write(&path, mutated)?;
        Ok(Missing { path, original })
    }
}

/// A guard that is missing at the moment.
pub(super) struct Missing {
    path: PathBuf,
    original: String,
}

impl Drop for Missing {
    fn drop(&mut self) {
        // If this fails the next run copies the file again.
        let _ = fs::write(&self.path, &self.original);
    }
}
