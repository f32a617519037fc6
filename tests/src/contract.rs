//! Holds replies to openapi.yaml: every reply that a test gets is checked against its route.

use std::sync::OnceLock;

use serde_json::{Map, Value};

/// The description, as it is served by the first system that is asked.
static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// Takes the description over.
pub(crate) fn learn(document: Value) {
    let _ = DOCUMENT.set(document);
}

/// The description, once it is known.
pub(crate) fn known() -> Option<&'static Value> {
    DOCUMENT.get()
}

/// What is wrong with a reply, `None` when it is as described. A route that is not described is
/// somebody's mistake and only has problems for an answer.
pub(crate) fn complaint(
    document: &Value,
    method: &str,
    path: &str,
    status: u16,
    media_type: &str,
    body: &Value,
) -> Option<String> {
    let path = path.split('?').next().unwrap_or(path);
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let operation = operations(document)
        .find(|(template, verb, _)| *verb == method && matches(template, path))
        .map(|(_, _, operation)| operation);
    let Some(operation) = operation else {
        let is_refused = matches!(status, 204 | 400..);
        return (!is_refused).then(|| "the route is not in openapi.yaml".to_owned());
    };
    let responses = &operation["responses"];
    let response = match &responses[status.to_string()] {
        Value::Null if status >= 400 => resolve(document, &responses["default"]),
        Value::Null => return Some(format!("the status {status} is not in openapi.yaml")),
        response => resolve(document, response),
    };
    let content = response["content"].as_object();
    let content = content.and_then(|all| all.get(media_type).or_else(|| all.values().next()));
    match content {
        Some(content) if !body.is_null() => check(document, &content["schema"], body, "$"),
        Some(_) => None,
        None => (!body.is_null()).then(|| "a body that is not in openapi.yaml".to_owned()),
    }
}

/// Whether the schema allows the value.
pub(crate) fn allows(document: &Value, schema: &Value, value: &Value) -> bool {
    check(document, schema, value, "$").is_none()
}

/// Path template, method in lower case, and operation.
pub fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations
            .filter(|(name, _)| *name != "parameters")
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let fits = |(part, given): (&&str, &&str)| {
        if part.starts_with('{') { !given.is_empty() } else { part == given }
    };
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}")),
        None => value,
    }
}

/// The part of JSON Schema that openapi.yaml uses; another keyword is a panic, so that none is
/// believed to be checked that is not.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let schema = resolve(document, schema);
    let keywords: &Map<String, Value> = schema.as_object().expect("a schema is an object");
    keywords.iter().find_map(|(keyword, argument)| match keyword.as_str() {
        "type" => {
            let types = argument.as_array().cloned().unwrap_or_else(|| vec![argument.clone()]);
            let fits = types.iter().any(|name| is_a(value, name.as_str().unwrap_or_default()));
            (!fits).then(|| format!("{at} is no {argument}: {value}"))
        }
        "enum" => {
            let is_listed = argument.as_array().is_some_and(|values| values.contains(value));
            (!is_listed).then(|| format!("{at} is none of {argument}: {value}"))
        }
        "minimum" => {
            let is_small = value.as_f64().is_some_and(|number| Some(number) < argument.as_f64());
            is_small.then(|| format!("{at} is too small"))
        }
        "maximum" => {
            let is_large = value.as_f64().is_some_and(|number| Some(number) > argument.as_f64());
            is_large.then(|| format!("{at} is too large"))
        }
        "minLength" => {
            let length = value.as_str().map(|text| text.chars().count() as u64);
            (length.is_some() && length < argument.as_u64()).then(|| format!("{at} is too short"))
        }
        "maxLength" => {
            let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
            (Some(length) > argument.as_u64()).then(|| format!("{at} is too long"))
        }
        "pattern" => {
            let pattern = argument.as_str().unwrap_or_default();
            let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
            let fits = value.as_str().is_none_or(|text| pattern.is_match(text));
            (!fits).then(|| format!("{at} does not match {argument}: {value}"))
        }
        "minItems" => {
            let length = value.as_array().map(|items| items.len() as u64);
            (length.is_some() && length < argument.as_u64()).then(|| format!("{at} has too few"))
        }
        "maxItems" => {
            let length = value.as_array().map_or(0, |items| items.len() as u64);
            (Some(length) > argument.as_u64()).then(|| format!("{at} has too many"))
        }
        "uniqueItems" => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut pairs = items.iter().enumerate();
            let is_twice = pairs.any(|(index, item)| items[..index].contains(item));
            is_twice.then(|| format!("{at} has something twice"))
        }
        "not" => check(document, argument, value, at)
            .is_none()
            .then(|| format!("{at} is what it must not be: {value}")),
        "oneOf" => {
            let schemas = argument.as_array().expect("schemas");
            let fits = schemas.iter().filter(|schema| allows(document, schema, value)).count();
            (fits != 1).then(|| format!("{at} fits {fits} of the alternatives: {value}"))
        }
        "anyOf" => {
            let schemas = argument.as_array().expect("schemas");
            let fits = schemas.iter().any(|schema| allows(document, schema, value));
            (!fits).then(|| format!("{at} fits none of the alternatives: {value}"))
        }
        "required" => argument.as_array().into_iter().flatten().find_map(|name| {
            let name = name.as_str().unwrap_or_default();
            value.get(name).is_none().then(|| format!("{at}.{name} is missing"))
        }),
        "properties" => argument.as_object().into_iter().flatten().find_map(|(name, schema)| {
            let member = value.get(name)?;
            check(document, schema, member, &format!("{at}.{name}"))
        }),
        "additionalProperties" if argument == false => {
            let known = &schema["properties"];
            let mut names = value.as_object().into_iter().flatten().map(|(name, _)| name);
            let unknown = names.find(|name| known.get(name.as_str()).is_none())?;
            Some(format!("{at}.{unknown} is not known"))
        }
        // The table of audits: members of any name, all of one kind.
        "additionalProperties" => {
            value.as_object().into_iter().flatten().find_map(|(name, member)| {
                check(document, argument, member, &format!("{at}.{name}"))
            })
        }
        "items" => {
            value.as_array().into_iter().flatten().enumerate().find_map(|(index, item)| {
                check(document, argument, item, &format!("{at}[{index}]"))
            })
        }
        "format" => {
            let text = value.as_str()?;
            let fits = match argument.as_str() {
                Some("uuid") => uuid::Uuid::parse_str(text).is_ok(),
                Some("uri") => reqwest::Url::parse(text).is_ok(),
                Some("date-time") => text.ends_with('Z') && text.len() >= 24,
                other => panic!("a format nobody checks: {other:?}"),
            };
            (!fits).then(|| format!("{at} is no {argument}: {value}"))
        }
        "description" | "default" => None,
        other => panic!("a keyword nobody checks: {other}"),
    })
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "null" => value.is_null(),
        other => panic!("a type nobody checks: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "paths": {
                "/a/{id}": { "parameters": [], "get": { "responses": {
                    "200": { "content": { "application/json": { "schema": { "$ref": "#/s/A" } } } },
                    "204": {},
                    "default": { "content": { "x": { "schema": { "required": ["code"] } } } }
                } } }
            },
            "s": { "A": { "type": "object", "required": ["n"], "properties": {
                "n": { "type": "integer", "minimum": 0 },
                "l": { "type": "array", "items": { "enum": ["x"] } },
                "m": { "type": ["integer", "null"], "minimum": 1 },
                "s": { "type": "string", "maxLength": 2, "default": "" },
                "o": { "type": ["string", "null"] },
                "p": { "pattern": "^[a-z]+$", "minLength": 2 },
                "u": { "minItems": 1, "maxItems": 2, "uniqueItems": true },
                "e": { "oneOf": [{ "enum": [0] }, { "minimum": 5, "maximum": 9 }] },
                "c": { "properties": { "x": {} }, "additionalProperties": false },
                "t": { "not": { "required": ["x", "y"] } }
            } } }
        })
    }

    #[test]
    fn what_is_described_passes_and_everything_else_is_found() {
        let document = document();
        let complaint = |method, path, status, body: &Value| {
            super::complaint(&document, method, path, status, "application/json", body)
        };
        let told = |status, body: Value| complaint("GET", "/a/1?b=c", status, &body);
        assert_eq!(told(200, json!({ "n": 1, "l": ["x"], "o": null, "more": 1 })), None);
        assert_eq!(told(200, json!({ "n": 1, "m": null, "s": "üü" })), None);
        assert_eq!(told(200, json!({ "n": 1, "p": "ab", "u": [1, 2], "c": { "x": 1 } })), None);
        assert_eq!(told(200, json!({ "n": 1, "e": 0 })), None);
        assert_eq!(told(200, json!({ "n": 1, "e": 9 })), None);
        assert_eq!(told(200, json!({ "n": 1, "t": { "x": 1 } })), None);
        assert_eq!(told(204, Value::Null), None);
        assert_eq!(told(404, json!({ "code": "x" })), None);
        for (status, body) in [
            (200, json!([])),
            (200, json!({})),
            (200, json!({ "n": -1 })),
            (200, json!({ "n": 1.5 })),
            (200, json!({ "n": 1, "t": { "x": 1, "y": 2 } })),
            (200, json!({ "n": 1, "l": ["y"] })),
            (200, json!({ "n": 1, "o": 1 })),
            (200, json!({ "n": 1, "m": 0 })),
            (200, json!({ "n": 1, "s": "xxx" })),
            (200, json!({ "n": 1, "p": "aB" })),
            (200, json!({ "n": 1, "p": "a" })),
            (200, json!({ "n": 1, "u": [] })),
            (200, json!({ "n": 1, "u": [1, 2, 3] })),
            (200, json!({ "n": 1, "u": [1, 1] })),
            (200, json!({ "n": 1, "e": 4 })),
            (200, json!({ "n": 1, "e": 10 })),
            (200, json!({ "n": 1, "c": { "x": 1, "y": 1 } })),
            (201, json!({ "n": 1 })),
            (204, json!({})),
            (404, json!({})),
        ] {
            assert!(told(status, body.clone()).is_some(), "{status} {body}");
        }
        assert!(complaint("POST", "/a/1", 200, &json!({})).is_some());
        assert!(complaint("GET", "/b", 200, &json!({})).is_some());
        assert_eq!(complaint("GET", "/b", 404, &json!({})), None);
    }
}
