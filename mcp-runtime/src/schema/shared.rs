//! Types that stay references: published once under `$defs`, and named wherever they are used.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Holds the schema of a shared type, with its name, until it is moved under `$defs`.
const SHARED: &str = "x-mcp-shared";

/// Marks the schema of a type as shared under this name.
#[doc(hidden)]
pub fn share(name: &'static str) -> impl FnMut(&mut Schema) {
    move |schema| {
        let inner = std::mem::take(schema).to_value();
        // Within an `allOf`, so that an `Option` puts its `null` beside the whole.
        let marked = json!([{ SHARED: { "name": name, "schema": inner } }]);
        schema.insert("allOf".into(), marked);
    }
}

/// The alternatives of an untagged enum exclude each other.
#[doc(hidden)]
pub fn one_of(schema: &mut Schema) {
    if let Some(branches) = schema.remove("anyOf") {
        schema.insert("oneOf".into(), branches);
    }
}

/// Moves every shared schema under the `$defs` of `root` and leaves a reference in its place.
///
/// # Errors
/// Two types that differ are shared under one name.
pub(super) fn collect(root: &mut Value) -> Result<(), String> {
    let mut definitions = Map::new();
    // A recursive type stands here already: its definition is what is marked.
    if let Some(Value::Object(own)) = root.get_mut("$defs").map(Value::take) {
        for (name, schema) in own {
            let schema = match opened(&schema) {
                Some((_, inner)) => inner,
                None => schema,
            };
            definitions.insert(name, schema);
        }
    }
    let mut found = Map::new();
    for schema in definitions.values_mut() {
        replace(schema, &mut found)?;
    }
    replace(root, &mut found)?;
    for (name, schema) in found {
        add(&mut definitions, name, schema)?;
    }
    if let Value::Object(root) = root {
        root.remove("$defs");
        if !definitions.is_empty() {
            root.insert("$defs".into(), Value::Object(definitions));
        }
    }
    Ok(())
}

/// The name and the schema of a marked type.
fn opened(schema: &Value) -> Option<(String, Value)> {
    let shared = schema.get("allOf")?.get(0)?.get(SHARED)?;
    Some((
        shared["name"].as_str()?.to_owned(),
        shared["schema"].clone(),
    ))
}

/// Whether a schema is that of a shared type.
pub(super) fn is_shared(schema: &Value) -> bool {
    opened(schema).is_some()
}

fn add(definitions: &mut Map<String, Value>, name: String, schema: Value) -> Result<(), String> {
    match definitions.get(&name) {
        Some(other) if *other != schema => Err(format!(
            "two types are shared as `{name}`, and they differ: give one of them another name with `shared = \"…\"`"
        )),
        _ => {
            definitions.insert(name, schema);
            Ok(())
        }
    }
}

fn replace(schema: &mut Value, found: &mut Map<String, Value>) -> Result<(), String> {
    let shared = opened(schema);
    match schema {
        Value::Object(map) => {
            if let Some((name, mut inner)) = shared {
                map.remove("allOf");
                replace(&mut inner, found)?;
                if map.contains_key("properties") || map.contains_key("type") {
                    // Flattened into another type, or its variant: a reference cannot be part of it.
                    let Value::Object(mut inner) = inner else {
                        return Ok(());
                    };
                    merge(&mut inner, std::mem::take(map));
                    *map = inner;
                    return Ok(());
                }
                add(found, name.clone(), inner)?;
                map.insert("$ref".into(), format!("#/$defs/{name}").into());
            }
            map.values_mut().try_for_each(|child| replace(child, found))
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, found)),
        _ => Ok(()),
    }
}

fn merge(inner: &mut Map<String, Value>, outer: Map<String, Value>) {
    for (key, value) in outer {
        match (inner.get_mut(&key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more),
            (Some(Value::Array(own)), Value::Array(more)) => own.extend(more),
            (_, value) => {
                inner.insert(key, value);
            }
        }
    }
}
