//! Values at and beyond each limit of a schema.
//!
//! From a body that is allowed and its schema come bodies that differ from it in one place: a value
//! at a limit, one beyond it, one of another type, a member that is missing or that nobody knows.
//! Whether the schema allows the result is asked of the schema as a whole, so a value may well be
//! allowed by a neighbour's rule.

use serde_json::{Value, json};

use crate::contract::{allows, resolve};

/// A value that differs from the base in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Where, as a JSON pointer; empty for the whole.
    pub place: String,
    /// The whole value.
    pub value: Value,
    /// Whether the schema allows it.
    pub is_allowed: bool,
}

/// What differs from `base` in one place, at the limits of `schema`. The schema must allow `base`.
pub fn candidates(document: &Value, schema: &Value, base: &Value) -> Vec<Candidate> {
    assert!(allows(document, schema, base), "the base is not allowed: {base}");
    let mut changes = Vec::new();
    collect(document, schema, base, "", &mut changes);
    let mut candidates: Vec<Candidate> = Vec::new();
    for (place, change) in changes {
        let value = changed(base.clone(), &place, change);
        let is_known = candidates.iter().any(|candidate| candidate.value == value);
        if !is_known && value != *base {
            let is_allowed = allows(document, schema, &value);
            candidates.push(Candidate { place, value, is_allowed });
        }
    }
    candidates
}

/// What a place of the base becomes; nothing when it is removed.
type Change = Option<Value>;

fn collect(
    document: &Value,
    schema: &Value,
    base: &Value,
    place: &str,
    changes: &mut Vec<(String, Change)>,
) {
    let schema = resolve(document, schema);
    let mut add = |value: Value| changes.push((place.to_owned(), Some(value)));
    if !place.is_empty() {
        for other in [json!(true), json!(1.5), json!(-1), json!("?"), json!([]), json!({})] {
            add(other);
        }
    }
    for limit in ["minimum", "maximum"] {
        if let Some(limit) = schema[limit].as_i64() {
            [limit - 1, limit, limit + 1].into_iter().for_each(|number| add(json!(number)));
            // A number without a fraction is an integer, however it is written.
            add(json!(limit as f64));
        }
    }
    for limit in ["minLength", "maxLength"] {
        if let Some(limit) = schema[limit].as_u64().and_then(|limit| usize::try_from(limit).ok()) {
            for length in [limit.saturating_sub(1), limit, limit + 1] {
                add(json!("x".repeat(length)));
                // As many characters, and twice the bytes.
                add(json!("ü".repeat(length)));
            }
        }
    }
    for value in schema["enum"].as_array().into_iter().flatten() {
        add(value.clone());
    }
    if let Some(items) = base.as_array() {
        for limit in ["minItems", "maxItems"] {
            if let Some(limit) = schema[limit].as_u64().and_then(|it| usize::try_from(it).ok()) {
                for length in [limit.saturating_sub(1), limit, limit + 1] {
                    add(json!(items_like(items, length)));
                }
            }
        }
        if schema["uniqueItems"] == true {
            add(json!([items[0], items[0]]));
        }
        collect(document, &schema["items"], &items[0], &format!("{place}/0"), changes);
    }
    for alternative in schema["oneOf"].as_array().into_iter().flatten() {
        collect(document, alternative, base, place, changes);
    }
    if let Some(members) = base.as_object() {
        changes.push((format!("{place}/unknown_member"), Some(json!(1))));
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            let Some(value) = members.get(name) else { continue };
            changes.push((place.clone(), None));
            changes.push((place.clone(), Some(Value::Null)));
            collect(document, schema, value, &place, changes);
        }
    }
}

/// So many items, each like the first and different from the others: texts and names are counted.
fn items_like(items: &[Value], length: usize) -> Vec<Value> {
    let numbered = |text: &str, number: usize| {
        let stem = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
        format!("{stem}{number}")
    };
    let item = |number: usize| match &items[0] {
        Value::String(text) => json!(numbered(text, number)),
        item => {
            let mut item = item.clone();
            if let Some(name) = item.get_mut("name") {
                *name = json!(numbered(name.as_str().unwrap_or_default(), number));
            }
            item
        }
    };
    (1..=length).map(item).collect()
}

fn changed(mut base: Value, place: &str, change: Change) -> Value {
    let Some((parent, name)) = place.rsplit_once('/') else { return change.unwrap_or_default() };
    let parent = base.pointer_mut(parent).expect("a place of the base");
    match (parent, change) {
        (Value::Object(members), Some(value)) => {
            members.insert(name.to_owned(), value);
        }
        (Value::Object(members), None) => {
            members.remove(name);
        }
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().expect("index")] = value,
        (parent, _) => panic!("{parent} has no parts"),
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_a_value_on_either_side() {
        let schema = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "integer", "minimum": 2, "maximum": 5 },
            "b": { "type": "string", "minLength": 1, "maxLength": 3 },
            "c": { "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
                "items": { "type": "string", "pattern": "^x[0-9]$" } },
            "d": { "oneOf": [{ "enum": [0] }, { "type": "integer", "minimum": 60 }] }
        }, "additionalProperties": false });
        let base = json!({ "a": 3, "b": "yy", "c": ["x1"], "d": 60 });
        let all = candidates(&Value::Null, &schema, &base);
        for (value, is_allowed) in [
            (json!({ "a": 1 }), false),
            (json!({ "a": 2 }), true),
            (json!({ "a": 5 }), true),
            (json!({ "a": 6 }), false),
            (json!({ "a": "?" }), false),
            (json!({ "b": "" }), false),
            (json!({ "b": "üüü" }), true),
            (json!({ "b": "üüüü" }), false),
            (json!({ "c": [] }), false),
            (json!({ "c": ["x1", "x2"] }), true),
            (json!({ "c": ["x1", "x1"] }), false),
            (json!({ "c": ["x1", "x2", "x3"] }), false),
            (json!({ "c": ["?"] }), false),
            (json!({ "d": 0 }), true),
            (json!({ "d": 59 }), false),
            (json!({ "unknown_member": 1 }), false),
        ] {
            let whole = crate::merged(base.clone(), &value);
            let found = all.iter().find(|candidate| candidate.value == whole);
            assert_eq!(found.map(|it| it.is_allowed), Some(is_allowed), "{value}");
        }
        let without = |name: &str| {
            let whole = crate::merged(base.clone(), &json!({ name: null }));
            all.iter().find(|candidate| candidate.value == whole).map(|it| it.is_allowed)
        };
        assert_eq!((without("a"), without("b")), (Some(false), Some(true)));
    }
}
