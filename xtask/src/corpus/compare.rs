//! Whether two descriptors are the same contract.
//!
//! They are, if they are equal after these changes, none of which alters what a caller may send or will get:
//! descriptions and `$schema` go, so does the `title` of a root; `null` is written one way (`anyOf [X, null]`,
//! `type [X, "null"]`); `required` is sorted, and goes where it is empty, as empty `properties` of a root do; a number
//! is written one way; a schema of a list's items that is `true` becomes `{}`; `_meta["ui/resourceUri"]` goes where it
//! repeats `_meta.ui.resourceUri`.

use serde_json::{Map, Value, json};

/// The contract of a tool, in normal form.
pub(super) fn contract(tool: &Value) -> Value {
    let mut contract = Map::new();
    for key in ["name", "title", "annotations", "icons"] {
        if let Some(value) = tool.get(key) {
            contract.insert(key.into(), value.clone());
        }
    }
    if let Some(Value::Object(meta)) = tool.get("_meta") {
        let mut meta = meta.clone();
        let repeated = meta.get("ui").and_then(|ui| ui.get("resourceUri"));
        if repeated.is_some() && repeated == meta.get("ui/resourceUri") {
            meta.remove("ui/resourceUri");
        }
        if !meta.is_empty() {
            contract.insert("_meta".into(), Value::Object(meta));
        }
    }
    for key in ["inputSchema", "outputSchema"] {
        if let Some(Value::Object(root)) = tool.get(key) {
            let mut root = root.clone();
            root.remove("title");
            if root.get("properties") == Some(&json!({})) {
                root.remove("properties");
            }
            contract.insert(key.into(), schema(&Value::Object(root)));
        }
    }
    numbers(&Value::Object(contract))
}

/// Every difference, each with its path.
pub(super) fn differences(wanted: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(wanted, got, String::new(), &mut found);
    found
}

fn walk(wanted: &Value, got: &Value, path: String, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                let path = format!("{path}/{key}");
                match b.get(key) {
                    Some(other) => walk(value, other, path, found),
                    None => found.push(format!("{path}: {value} is missing")),
                }
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                found.push(format!("{path}/{key}: {value} is too much"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                walk(a, b, format!("{path}/{i}"), found);
            }
        }
        _ if wanted == got => {}
        _ => found.push(format!("{path}: {wanted} became {got}")),
    }
}

/// A schema in normal form.
fn schema(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return value.clone();
    };
    let mut normal = Map::new();
    for (key, value) in map {
        let value = match key.as_str() {
            "$schema" | "description" => continue,
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                let children = value.as_object().into_iter().flatten();
                Value::Object(children.map(|(k, v)| (k.clone(), schema(v))).collect())
            }
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                Value::Array(value.as_array().into_iter().flatten().map(schema).collect())
            }
            "items" if *value == json!(true) => json!({}),
            "items"
            | "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames" => schema(value),
            "required" => {
                let mut names: Vec<_> = value.as_array().cloned().unwrap_or_default();
                names.sort_by_key(ToString::to_string);
                if names.is_empty() {
                    continue;
                }
                Value::Array(names)
            }
            _ => value.clone(),
        };
        normal.insert(key.clone(), value);
    }
    null(&mut normal);
    Value::Object(normal)
}

/// Writes `null` one way: within `type`.
fn null(map: &mut Map<String, Value>) {
    let is_null = |branch: &Value| *branch == json!({"type": "null"});
    let branches = map.get("anyOf").and_then(Value::as_array).cloned();
    if let Some(branches) = branches.filter(|b| b.len() == 2 && b.iter().any(is_null)) {
        let other = branches.iter().find(|b| !is_null(b));
        if let Some(Value::Object(other)) = other {
            let fits = other.keys().all(|key| !map.contains_key(key));
            let plain = ["anyOf", "oneOf", "allOf", "$ref", "const", "not", "if"];
            if fits && plain.iter().all(|key| !other.contains_key(*key)) {
                map.remove("anyOf");
                map.extend(other.clone());
                match map.get("type") {
                    Some(Value::String(one)) => {
                        map.insert("type".into(), json!([one, "null"]));
                    }
                    Some(Value::Array(several)) => {
                        let mut several = several.clone();
                        several.push(json!("null"));
                        map.insert("type".into(), Value::Array(several));
                    }
                    _ => {}
                }
                if let Some(Value::Array(values)) = map.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
        }
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.sort_by_key(|kind| kind == "null");
    }
    let nullable = map
        .get("type")
        .is_some_and(|t| t.as_array().is_some_and(|t| t.contains(&json!("null"))));
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && nullable
    {
        values.sort_by_key(Value::is_null);
        values.dedup();
    }
}

/// `6.0` is `6`.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                json!(float as i64)
            }
            _ => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(numbers).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), numbers(v))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: Value, b: Value) -> bool {
        let tool = |schema| contract(&json!({"name": "t", "inputSchema": schema}));
        differences(&tool(a), &tool(b)).is_empty()
    }

    #[test]
    fn style_is_no_difference() {
        for (a, b) in [
            (
                json!({"type": "object", "title": "A", "$schema": "x"}),
                json!({"type": "object", "properties": {}, "required": []}),
            ),
            (
                json!({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}}}),
                json!({"properties": {"a": {"default": null, "type": ["string", "null"]}}}),
            ),
            (
                json!({"properties": {"a": {"minimum": 1.0, "description": "b"}}}),
                json!({"properties": {"a": {"minimum": 1}}}),
            ),
            (
                json!({"required": ["a", "b"]}),
                json!({"required": ["b", "a"]}),
            ),
        ] {
            assert!(same(a.clone(), b.clone()), "{a} {b}");
        }
    }

    #[test]
    fn what_a_caller_may_send_is_a_difference() {
        for (a, b) in [
            (
                json!({"properties": {"a": {"type": "string"}}}),
                json!({"properties": {"a": {}}}),
            ),
            (json!({"additionalProperties": false}), json!({})),
            (json!({"additionalProperties": true}), json!({})),
            (
                json!({"properties": {"title": {}}}),
                json!({"properties": {}}),
            ),
            (
                json!({"properties": {"description": {}}}),
                json!({"properties": {}}),
            ),
            (
                json!({"properties": {"a": {"enum": ["a", "b"]}}}),
                json!({"properties": {"a": {"enum": ["b", "a"]}}}),
            ),
            (
                json!({"properties": {"a": {"title": "A"}}}),
                json!({"properties": {"a": {}}}),
            ),
            (json!({"$defs": {"a": {}}}), json!({})),
        ] {
            assert!(!same(a.clone(), b.clone()), "{a} {b}");
        }
    }
}
