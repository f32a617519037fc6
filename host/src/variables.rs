//! The application's variables, and what a component sees of them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasmtime::component::Accessor;

use crate::bindings::variables::{Error, Host, HostWithStore};
use crate::instance::{HostData, InstanceState};
use crate::manifest::{Component, Variable};
use crate::template::Template;

/// Environment variables of this form give an application variable its value.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// Where values come from. The first source that has one wins: command line, environment, `.env`.
#[derive(Default)]
pub(crate) struct Sources {
    /// `--variable name=value`
    pub(crate) command_line: HashMap<String, String>,
    /// `SPIN_VARIABLE_<NAME>` of the process.
    pub(crate) environment: HashMap<String, String>,
    /// `SPIN_VARIABLE_<NAME>` of the `.env` file.
    pub(crate) file: HashMap<String, String>,
}

impl Sources {
    /// The process's own environment, with a `.env` file if there is one at `file`.
    ///
    /// `required`: whether a missing file is an error.
    pub(crate) fn collect(
        command_line: Vec<(String, String)>,
        file: &Path,
        required: bool,
    ) -> Result<Self> {
        let mut sources = Self {
            command_line: command_line.into_iter().collect(),
            environment: std::env::vars().collect(),
            file: HashMap::new(),
        };
        if required || file.exists() {
            sources.file = dotenvy::from_path_iter(file)
                .and_then(|lines| lines.collect())
                .with_context(|| format!("cannot read {}", file.display()))?;
        }
        Ok(sources)
    }

    fn value(&self, name: &str) -> Option<&String> {
        let upper = format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase());
        self.command_line
            .get(name)
            .or_else(|| self.environment.get(&upper))
            .or_else(|| self.file.get(&upper))
    }
}

/// The application's variables with their values. They do not change while the host runs.
#[derive(Debug)]
pub(crate) struct Variables {
    values: HashMap<String, String>,
}

impl Variables {
    /// Gives every declared variable a value, or names all that lack one.
    pub(crate) fn resolve(
        declared: &BTreeMap<String, Variable>,
        sources: &Sources,
    ) -> Result<Self> {
        if let Some(name) = sources.command_line.keys().find(|name| !declared.contains_key(*name)) {
            bail!("--variable {name:?} is not declared in the manifest");
        }
        let mut values = HashMap::new();
        let mut missing = Vec::new();
        for (name, variable) in declared {
            match sources.value(name).or(variable.default.as_ref()) {
                Some(value) => {
                    values.insert(name.clone(), value.clone());
                }
                None => missing.push(name.as_str()),
            }
        }
        if !missing.is_empty() {
            bail!(
                "no value for the required variables: {} (set {ENVIRONMENT_PREFIX}<NAME>)",
                missing.join(", ")
            );
        }
        Ok(Self { values })
    }

    /// Replaces the variables in a string of the manifest.
    pub(crate) fn render(&self, text: &str) -> Result<String> {
        Template::parse(text)?.render(|name| self.values.get(name).map(String::as_str))
    }

    /// The variables of one component, by their names in the component.
    pub(crate) fn of_component(&self, component: &Component) -> Result<HashMap<String, String>> {
        component
            .variables
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.render(value)?)))
            .collect()
    }
}

/// Spin's rule for names; the error is its text.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let reason = if name.is_empty() {
        "must not be empty".to_owned()
    } else if let Some(c) = name.chars().find(|c| !allowed(*c)) {
        format!(
            "invalid character {c:?}. \
             Variable names may contain only lower-case letters, numbers, and underscores."
        )
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "must start with a lowercase ASCII letter".to_owned()
    } else if name.ends_with('_') {
        "must end with a lowercase ASCII letter or digit".to_owned()
    } else if name.contains("__") {
        "must not contain multiple consecutive underscores".to_owned()
    } else {
        return Ok(());
    };
    Err(format!("{name:?}: {reason}"))
}

impl Host for InstanceState {}

impl<T: Send> HostWithStore<T> for HostData {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, Error>> {
        if let Err(reason) = check_name(&name) {
            return Ok(Err(Error::InvalidName(reason)));
        }
        let component = accessor.with(|mut access| access.get().component.clone());
        Ok(component.variables.get(&name).cloned().ok_or_else(|| {
            Error::Undefined(format!("no variable for {:?}.{name:?}", component.id))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> BTreeMap<String, Variable> {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_command_line_wins_over_the_environment_over_the_file_over_the_default() {
        let declared = declared("x = { default = \"default\" }");
        let pair = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);
        let mut sources = Sources::default();
        let value = |sources: &Sources| {
            Variables::resolve(&declared, sources).unwrap().render("{{ x }}").unwrap()
        };
        assert_eq!(value(&sources), "default");
        sources.file = pair("SPIN_VARIABLE_X", "file");
        assert_eq!(value(&sources), "file");
        sources.environment = pair("SPIN_VARIABLE_X", "environment");
        assert_eq!(value(&sources), "environment");
        sources.command_line = pair("x", "command line");
        assert_eq!(value(&sources), "command line");
    }

    #[test]
    fn all_missing_variables_are_named_at_once() {
        let declared = declared("a = { required = true }\nb = { required = true }");
        let error = Variables::resolve(&declared, &Sources::default()).unwrap_err();
        assert!(error.to_string().contains("a, b"), "{error}");
    }

    #[test]
    fn an_undeclared_variable_on_the_command_line_is_refused() {
        let mut sources = Sources::default();
        sources.command_line.insert("y".to_owned(), String::new());
        assert!(Variables::resolve(&BTreeMap::new(), &sources).is_err());
    }

    #[test]
    fn names_follow_the_rule() {
        for name in ["a", "a1", "a_b"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "A", "1a", "a_", "a__b", "a-b"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
