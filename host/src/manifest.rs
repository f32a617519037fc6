//! `spin.toml`, version 2: the part of the format this host implements.
//!
//! Everything else is refused by name at start. A field that is silently ignored would make the
//! same application behave differently here and under `spin up`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::template::Template;
use crate::variables::check_name;

/// A whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Always 2.
    pub(crate) spin_manifest_version: u32,
    /// Name and version.
    pub(crate) application: Application,
    /// The application's variables by name.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    /// What starts a component.
    #[serde(default)]
    pub(crate) trigger: Triggers,
    /// The components by id.
    #[serde(default)]
    pub(crate) component: BTreeMap<String, Component>,
    /// The folder of the manifest: relative paths start here.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// `[application]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Application {
    /// Shown at `/.well-known/spin/info`.
    pub(crate) name: String,
    /// Shown at `/.well-known/spin/info`.
    pub(crate) version: Option<String>,
    /// For the reader.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    description: Option<String>,
    /// For the reader.
    #[serde(default)]
    #[expect(dead_code, reason = "accepted, and of no effect")]
    authors: Vec<String>,
    /// Settings of programs other than Spin, by their names.
    #[serde(default)]
    pub(crate) tool: Tools,
}

/// `[application.tool]`: Spin ignores it, and this host all but its own.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Tools {
    /// `[application.tool.host]`
    #[serde(default)]
    pub(crate) host: HostSettings,
}

/// Settings of this host.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostSettings {
    /// Components that find turns and instances however many requests the others have.
    #[serde(default)]
    pub(crate) reserved: BTreeSet<String>,
}

/// `[variables]`: one application variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    /// True: it has no default and must be given.
    #[serde(default)]
    pub(crate) required: bool,
    /// The value when none is given.
    pub(crate) default: Option<String>,
    /// True: never to be shown.
    #[serde(default)]
    #[expect(dead_code, reason = "no value is ever shown by this host, secret or not")]
    secret: bool,
    /// For the reader.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    description: Option<String>,
}

/// `[[trigger.…]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Triggers {
    /// Routes.
    #[serde(default)]
    pub(crate) http: Vec<HttpTrigger>,
    /// Schedules.
    #[serde(default)]
    pub(crate) cron: Vec<CronTrigger>,
}

/// `[[trigger.http]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpTrigger {
    /// For the reader.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    id: Option<String>,
    /// Where it is reached.
    pub(crate) route: Route,
    /// The component that answers.
    pub(crate) component: Option<String>,
    /// A fixed answer instead of a component.
    pub(crate) static_response: Option<StaticResponse>,
}

/// The route of an HTTP trigger.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a route is a string such as \"/a/:b/...\" or { private = true }")]
pub(crate) enum Route {
    /// `/a`, `/a/:parameter`, `/a/...`
    Public(String),
    /// Not reachable from outside.
    Private(PrivateRoute),
}

/// `{ private = true }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateRoute {
    private: bool,
}

/// `static_response = { … }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaticResponse {
    /// 200 if left out.
    pub(crate) status_code: Option<u16>,
    /// Name and value.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Empty if left out.
    pub(crate) body: Option<String>,
}

/// `[[trigger.cron]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CronTrigger {
    /// For the reader.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    id: Option<String>,
    /// The component that is run.
    pub(crate) component: String,
    /// Six fields, the first one seconds, in UTC.
    pub(crate) cron_expression: String,
}

/// `[component.<id>]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// For the reader.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    description: Option<String>,
    /// The `.wasm` file.
    pub(crate) source: Source,
    /// Everything it may connect to; nothing if left out.
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    /// The variables it sees, as templates over the application's.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// Its environment.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Folders it may read.
    #[serde(default)]
    pub(crate) files: Vec<Files>,
    /// How to build it: the business of `spin build`.
    #[expect(dead_code, reason = "accepted, and of no effect")]
    build: Option<toml::Table>,
}

/// The source of a component.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "this host takes the source of a component as a file path only; the Spin CLI also takes a url or a registry"
)]
pub(crate) enum Source {
    /// Relative to the manifest.
    Path(PathBuf),
}

/// One entry of `files`.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "this host takes an entry of `files` as { source, destination } only; the Spin CLI also takes patterns"
)]
pub(crate) enum Files {
    /// A folder and where the guest sees it.
    Folder(Folder),
}

/// `{ source = "…", destination = "…" }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Folder {
    /// Relative to the manifest.
    pub(crate) source: PathBuf,
    /// Absolute, in the guest.
    pub(crate) destination: String,
}

impl Manifest {
    /// Reads and checks a manifest.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, folder).with_context(|| format!("cannot use {}", path.display()))
    }

    /// Parses and checks the text of a manifest that lies in `folder`.
    pub(crate) fn parse(text: &str, folder: PathBuf) -> Result<Self> {
        let mut manifest: Self = toml::from_str(text).context(
            "not a manifest this host implements; the Spin CLI (`spin up`) supports all fields",
        )?;
        manifest.folder = folder;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        let version = self.spin_manifest_version;
        ensure!(version == 2, "spin_manifest_version is {version}, this host reads 2 only");
        ensure!(
            !self.trigger.http.is_empty() || !self.trigger.cron.is_empty(),
            "the application has no trigger"
        );
        for (name, variable) in &self.variables {
            check_variable(name, variable)?;
        }
        for (id, component) in &self.component {
            self.check_component(component).with_context(|| format!("component {id:?}"))?;
        }
        for trigger in &self.trigger.http {
            self.check_http_trigger(trigger)?;
        }
        for id in &self.application.tool.host.reserved {
            let is_known = self.component.contains_key(id);
            ensure!(is_known, "tool.host.reserved names no known component: {id:?}");
        }
        for trigger in &self.trigger.cron {
            self.check_component_exists(&trigger.component)?;
        }
        Ok(())
    }

    fn check_component(&self, component: &Component) -> Result<()> {
        for (name, value) in &component.variables {
            check_name(name).map_err(anyhow::Error::msg)?;
            self.check_template(value).with_context(|| format!("variable {name:?}"))?;
        }
        for host in &component.allowed_outbound_hosts {
            self.check_template(host).with_context(|| format!("allowed host {host:?}"))?;
        }
        Ok(())
    }

    fn check_template(&self, text: &str) -> Result<()> {
        for name in Template::parse(text)?.names() {
            ensure!(self.variables.contains_key(name), "unknown variable {name:?}");
        }
        Ok(())
    }

    fn check_http_trigger(&self, trigger: &HttpTrigger) -> Result<()> {
        let route = &trigger.route;
        if let Route::Private(PrivateRoute { private: false }) = route {
            bail!("a route is a string or {{ private = true }}, not {{ private = false }}");
        }
        match (&trigger.component, &trigger.static_response) {
            (Some(component), None) => self.check_component_exists(component),
            (None, Some(_)) => Ok(()),
            _ => bail!("{route:?} needs either a component or a static_response"),
        }
    }

    fn check_component_exists(&self, id: &str) -> Result<()> {
        ensure!(self.component.contains_key(id), "a trigger names no known component: {id:?}");
        Ok(())
    }
}

fn check_variable(name: &str, variable: &Variable) -> Result<()> {
    check_name(name).map_err(anyhow::Error::msg)?;
    ensure!(
        variable.required != variable.default.is_some(),
        "variable {name:?} must be either required or have a default"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "small"
        [[trigger.http]]
        route = "/..."
        component = "one"
        [component.one]
        source = "one.wasm"
    "#;

    fn refusal(addition: &str) -> String {
        let text = format!("{SMALLEST}\n{addition}");
        match Manifest::parse(&text, PathBuf::new()) {
            Ok(_) => panic!("accepted {addition}"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn the_smallest_manifest_is_accepted() {
        let manifest = Manifest::parse(SMALLEST, PathBuf::new()).unwrap();
        assert_eq!(manifest.application.name, "small");
    }

    #[test]
    fn an_unsupported_field_is_refused_by_name() {
        let refusal = refusal(r#"key_value_stores = ["default"]"#);
        assert!(refusal.contains("key_value_stores"), "{refusal}");
        assert!(refusal.contains("Spin CLI"), "{refusal}");
    }

    #[test]
    fn an_unsupported_trigger_is_refused_by_name() {
        let refusal = refusal("[[trigger.redis]]\nchannel = \"x\"\ncomponent = \"one\"");
        assert!(refusal.contains("redis"), "{refusal}");
    }

    #[test]
    fn a_source_from_a_registry_is_refused() {
        let text = SMALLEST.replace("\"one.wasm\"", "{ url = \"https://x\", digest = \"y\" }");
        let refusal = format!("{:#}", Manifest::parse(&text, PathBuf::new()).unwrap_err());
        assert!(refusal.contains("file path only"), "{refusal}");
    }

    #[test]
    fn a_pattern_in_files_is_refused() {
        let refusal = refusal(r#"files = ["static/**"]"#);
        assert!(refusal.contains("source, destination"), "{refusal}");
    }

    #[test]
    fn settings_of_other_tools_are_theirs() {
        let with =
            |tool: &str| SMALLEST.replace("name = \"small\"", &format!("name = \"s\"\n{tool}"));
        let parse = |tool: &str| Manifest::parse(&with(tool), PathBuf::new());
        assert!(parse("[application.tool.lint]\nlevel = 1").is_ok());
        assert!(parse("[application.tool.host]\nreserved = [\"one\"]").is_ok());
        for wrong in ["reserved = [\"two\"]", "kept = []"] {
            assert!(parse(&format!("[application.tool.host]\n{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_template_over_an_unknown_variable_is_refused() {
        let refusal = refusal("[component.one.variables]\na = \"{{ b }}\"");
        assert!(refusal.contains("unknown variable \"b\""), "{refusal}");
    }

    #[test]
    fn a_variable_is_either_required_or_has_a_default() {
        assert!(refusal("[variables]\nx = {}").contains("either required"));
        assert!(refusal("[variables]\nx = { required = true, default = \"\" }").contains("either"));
    }

    #[test]
    fn a_trigger_needs_a_component_that_exists() {
        let refusal =
            refusal("[[trigger.cron]]\ncomponent = \"two\"\ncron_expression = \"* * * * * *\"");
        assert!(refusal.contains("two"), "{refusal}");
    }

    #[test]
    fn a_trigger_has_a_component_or_a_static_response_and_not_both() {
        assert!(refusal("[[trigger.http]]\nroute = \"/x\"").contains("either a component"));
    }
}
