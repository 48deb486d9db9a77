//! From what schemars derives to what every client understands.
//!
//! No `$schema`, no titles of Rust types, no `uint32` formats (the bounds say it instead), and `Option<T>` is `T`
//! outside `required`.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::keywords;

/// Marks a `null` that is meant (`Nullable<T>`).
pub(super) const KEEP_NULL: &str = "x-mcp-keep-null";

/// Puts the definitions that stayed references (recursive types) beside the schema that needs them.
pub(super) fn add_definitions(root: &mut Map<String, Value>, generator: &mut SchemaGenerator) {
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        root.insert("$defs".into(), Value::Object(definitions));
    }
}

/// What becomes of the `null` of an `Option`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// It is part of what may come out.
    Keep,
    /// A caller leaves the property out instead.
    Strip,
}

/// Marks a property whose `None` is not written.
const LEFT_OUT: &str = "x-mcp-left-out";

/// Marks, in the schema that is enforced, a property whose `null` counts as left out.
pub(super) const NULL_IS_ABSENT: &str = "x-mcp-null-is-absent";

/// The schema as published: without our marks.
pub(super) fn published(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let plain = map.iter().filter(|(key, _)| *key != NULL_IS_ABSENT);
            Value::Object(
                plain
                    .map(|(key, value)| (key.clone(), published(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(published).collect()),
        other => other.clone(),
    }
}

/// Makes a schema portable, in place, with all that it contains.
pub(super) fn normalise(schema: &mut Value, nulls: Nulls) {
    let Value::Object(map) = schema else { return };
    map.remove("$schema");
    replace_format(map);
    match nulls {
        Nulls::Strip => strip_optional_nulls(map),
        Nulls::Keep => strip_left_out_nulls(map),
    }
    for (key, value) in map.iter_mut() {
        match key.as_str() {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                if let Value::Object(children) = value {
                    for child in children.values_mut() {
                        // `true` says the same, and fewer clients understand it.
                        if *child == Value::Bool(true) {
                            *child = json!({});
                        }
                        normalise(child, nulls);
                    }
                }
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                if let Value::Array(children) = value {
                    children.iter_mut().for_each(|c| normalise(c, nulls));
                }
            }
            "items"
            | "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames" => normalise(value, nulls),
            _ => {}
        }
    }
    map.remove(KEEP_NULL);
    map.remove(LEFT_OUT);
    keywords::unmark(map);
    if map.get("items") == Some(&Value::Bool(true)) {
        map.insert("items".into(), json!({}));
    }
}

/// `format: uint32` is Rust's word; the bounds are everyone's.
fn replace_format(map: &mut Map<String, Value>) {
    let bounds = match map.get("format").and_then(Value::as_str) {
        Some("uint8") => (json!(0), json!(u8::MAX)),
        Some("uint16") => (json!(0), json!(u16::MAX)),
        Some("uint32") => (json!(0), json!(u32::MAX)),
        Some("uint" | "uint64") => (json!(0), json!(u64::MAX)),
        Some("int8") => (json!(i8::MIN), json!(i8::MAX)),
        Some("int16") => (json!(i16::MIN), json!(i16::MAX)),
        Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
        Some("int" | "int64") => (json!(i64::MIN), json!(i64::MAX)),
        // JSON readers hand over no more than 64 bits of these.
        Some("uint128") => (json!(0), json!(u64::MAX)),
        Some("int128") => (json!(i64::MIN), json!(u64::MAX)),
        Some("float" | "double") => {
            map.remove("format");
            return;
        }
        _ => return,
    };
    map.remove("format");
    map.entry("minimum").or_insert(bounds.0);
    map.entry("maximum").or_insert(bounds.1);
}

/// A property outside `required` may be left out; that it may be `null` too is Rust's affair.
fn strip_optional_nulls(map: &mut Map<String, Value>) {
    let required: Vec<String> = match map.get("required") {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(Into::into)
            .collect(),
        _ => Vec::new(),
    };
    let Some(Value::Object(properties)) = map.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        if !required.contains(name) {
            strip_null(property);
        }
    }
}

/// A `None` that serde does not write at all is never a `null`.
fn strip_left_out_nulls(map: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = map.get_mut("properties") else {
        return;
    };
    for property in properties.values_mut() {
        if property.get(LEFT_OUT).is_some() {
            strip_null(property);
        }
    }
}

/// Takes `null` out of a schema's types, unless it is meant.
pub(super) fn strip_null(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    if map.contains_key(KEEP_NULL) {
        return;
    }
    map.insert(NULL_IS_ABSENT.into(), true.into());
    if map.get("default") == Some(&Value::Null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|v| !v.is_null());
    }
    if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
        branches.retain(|b| b.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = branches.as_mut_slice() {
            let only = std::mem::take(only);
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nullable;
    use schemars::JsonSchema;
    use schemars::generate::Contract;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "read by the derive only")]
    struct Point {
        /// Left to right.
        x: u8,
        label: Option<String>,
        inner: Option<Inner>,
        deliberate: Nullable<f64>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "read by the derive only")]
    struct Inner {
        children: Vec<Inner>,
    }

    #[test]
    fn a_derived_schema_becomes_portable() {
        let schema = super::super::output::derive(|g| Some(g.subschema_for::<Point>()))
            .expect("a schema")
            .expect("an output");
        assert_eq!(
            Value::Object(schema),
            json!({
                "type": "object",
                "properties": {
                    "x": {"type": "integer", "minimum": 0, "maximum": 255, "description": "Left to right."},
                    "label": {"type": ["string", "null"]},
                    "inner": {
                        "type": ["object", "null"],
                        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Inner"}}},
                        "required": ["children"]
                    },
                    "deliberate": {"type": ["number", "null"]}
                },
                "required": ["x", "label", "inner", "deliberate"],
                "$defs": {
                    "Inner": {
                        "type": "object",
                        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Inner"}}},
                        "required": ["children"]
                    }
                }
            })
        );
    }

    #[test]
    fn a_caller_leaves_out_what_an_option_holds() {
        let mut schema = super::super::generator(Contract::Deserialize)
            .into_root_schema_for::<Point>()
            .to_value();
        normalise(&mut schema, Nulls::Strip);
        let schema = published(&schema);
        assert_eq!(schema["properties"]["label"], json!({"type": "string"}));
        assert_eq!(
            schema["properties"]["deliberate"],
            json!({"type": ["number", "null"]})
        );
        assert_eq!(schema["required"], json!(["x", "deliberate"]));
    }
}
