//! Turns openapi.yaml into the JSON that is served.

use std::path::Path;
use std::{env, fs};

use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let source = Path::new(&folder).join("../../openapi.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let text = fs::read_to_string(&source).expect("openapi.yaml is there");
    let documents = YamlLoader::load_from_str(&text).expect("openapi.yaml is YAML");
    let document = json(documents.first().expect("openapi.yaml has a document"));
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("openapi.json"), document.to_string()).expect("is written");
}

fn json(value: &Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Boolean(boolean) => Value::Bool(*boolean),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Real(text) => Value::from(text.parse::<f64>().expect("a number")),
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Array(values) => values.iter().map(json).collect(),
        Yaml::Hash(members) => {
            let name = |name: &Yaml| name.as_str().expect("names are texts").to_owned();
            let members = members.iter().map(|(key, value)| (name(key), json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => panic!("openapi.yaml holds what JSON cannot say: {other:?}"),
    }
}
