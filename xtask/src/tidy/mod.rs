//! `cargo xtask tidy`: the house style that neither the compiler nor clippy knows.
//!
//! Each check takes text or facts and returns what is wrong, one line per complaint.

mod compose;
mod dependencies;
mod files;
mod lua;
mod manifest;
mod privileges;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::repository::{components, read, root};

pub(crate) fn run() -> Result<ExitCode> {
    let mut complaints = Vec::new();
    let paths = files_of_git()?;
    complaints.extend(files::check_paths(&paths));
    for path in paths.iter().filter(|path| files::is_checked(path)) {
        let text = read(path)?;
        complaints.extend(files::check(path, &text));
        if files::is_script(path) {
            complaints.extend(lua::check(path, &text, &|name| {
                read(&format!("lua/includes/{name}.lua")).ok()
            }));
        }
    }
    complaints.extend(manifest::check(&read("spin.toml")?, &components()?)?);
    complaints.extend(privileges::check(&read("spin.toml")?)?);
    complaints.extend(dependencies::run(&components()?)?);
    complaints
        .extend(compose::check(&read("docker-compose.yml")?, &read("infra/containers.env")?)?);
    for complaint in &complaints {
        println!("{complaint}");
    }
    eprintln!("tidy: {} files, {} complaints", paths.len(), complaints.len());
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every file that is in git or would be: ignored ones are not.
fn files_of_git() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.current_dir(root()).output().context("cannot run git")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr).trim());
    let text = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let paths = text.split('\0').filter(|path| !path.is_empty() && root().join(path).is_file());
    Ok(paths.map(str::to_owned).collect())
}
