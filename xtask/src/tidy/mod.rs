//! `cargo xtask tidy`: the house style that neither the compiler nor clippy knows.
//!
//! Each check takes text or facts and returns what is wrong, one line per complaint.

mod areas;
mod codes;
mod compose;
mod dependencies;
mod documents;
mod features;
mod files;
mod imports;
mod keys;
mod lua;
mod manifest;
mod migrations;
mod mutants;
mod openapi;
mod privileges;
mod sql;

use std::process::ExitCode;

use anyhow::Result;

use crate::repository::{components, files_of_git, read};

pub(crate) fn run() -> Result<ExitCode> {
    let mut complaints = Vec::new();
    let paths = files_of_git()?;
    let (mut sql_files, mut layers) = (Vec::new(), Vec::new());
    complaints.extend(files::check_paths(&paths));
    complaints.extend(areas::check(&paths));
    for path in paths.iter().filter(|path| files::is_checked(path)) {
        let text = read(path)?;
        complaints.extend(files::check(path, &text));
        complaints.extend(keys::check(path, &text));
        if files::is_script(path) {
            complaints.extend(lua::check(path, &text, &|name| {
                read(&format!("lua/includes/{name}.lua")).ok()
            }));
        }
    }
    for path in paths.iter().filter(|path| sql::is_checked(path)) {
        sql_files.push(sql::File { path: path.clone(), text: read(path)? });
    }
    for path in paths.iter().filter(|path| imports::is_checked(path)) {
        layers.push(sql::File { path: path.clone(), text: read(path)? });
    }
    complaints.extend(imports::check(&layers));
    complaints.extend(sql::check(&sql_files));
    complaints.extend(migrations::check(&sql_files));
    complaints.extend(manifest::check(&read("spin.toml")?, &components()?)?);
    complaints.extend(privileges::check(&read("spin.toml")?)?);
    complaints.extend(openapi::check(&read("openapi.yaml")?, &read("spin.toml")?)?);
    complaints.extend(codes::run(&paths)?);
    complaints.extend(dependencies::run(&components()?)?);
    complaints.extend(features::run()?);
    complaints
        .extend(compose::check(&read("docker-compose.yml")?, &read("infra/containers.env")?)?);
    complaints.extend(documents::run(&paths)?);
    complaints.extend(mutants::run()?);
    for complaint in &complaints {
        println!("{complaint}");
    }
    eprintln!("tidy: {} files, {} complaints", paths.len(), complaints.len());
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
