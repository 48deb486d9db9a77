//! What a schema looks like from outside.

use serde_json::{Map, Value};

/// The schema without `null`, where `null` is one of exactly two possibilities.
pub(super) fn without_null(map: &Map<String, Value>) -> Option<Map<String, Value>> {
    if let Some(Value::Array(types)) = map.get("type") {
        let others: Vec<_> = types.iter().filter(|t| *t != "null").collect();
        if others.len() + 1 != types.len() || others.len() != 1 {
            return None;
        }
        let mut other = map.clone();
        other.insert("type".into(), others[0].clone());
        if let Some(Value::Array(values)) = other.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        return Some(other);
    }
    let branches = map.get("anyOf")?.as_array()?;
    let is_null = |b: &Value| {
        b.as_object()
            .is_some_and(|b| b.len() == 1 && b.get("type").is_some_and(|t| t == "null"))
    };
    if branches.len() != 2 || map.len() != 1 {
        return None;
    }
    match (&branches[0], &branches[1]) {
        (Value::Object(other), null) | (null, Value::Object(other)) if is_null(null) => {
            Some(other.clone())
        }
        _ => None,
    }
}

/// A telling name for an alternative.
pub(super) fn variant_hint(branch: &Map<String, Value>, index: usize) -> String {
    if let Some(reference) = branch.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for (_, property) in branch
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(constant) = property.get("const").and_then(Value::as_str) {
            return constant.to_owned();
        }
    }
    if let Some(constant) = branch.get("const").and_then(Value::as_str) {
        return constant.to_owned();
    }
    let kind = branch.get("type").and_then(Value::as_str).unwrap_or("any");
    format!("{kind}_{}", index + 1)
}

/// Every `$ref` in a schema.
pub(super) fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => {
            let own = map
                .get("$ref")
                .and_then(Value::as_str)
                .map(ToOwned::to_owned);
            own.into_iter()
                .chain(map.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
