//! The normal form of a schema: one way to say what can be said in several.
//!
//! `anyOf [X, null]` is `type [X, "null"]`, `exclusiveMaximum: 10` on an integer is `maximum: 9`, `const` is an `enum`
//! of one, a keyword that says nothing is left out. References stay: their targets may be recursive.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use crate::schema::{compare_numbers, identity};

/// Keywords that hold one schema.
pub(super) const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "contentSchema",
];
/// Keywords that hold a list of schemas.
pub(super) const LIST: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that hold schemas by name.
pub(super) const NAMED: &[&str] = &[
    "properties",
    "patternProperties",
    "$defs",
    "dependentSchemas",
];

/// Keywords that tell people something and assert nothing.
pub(super) const PROSE: &[&str] = &[
    "title",
    "description",
    "$comment",
    "examples",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "enumNames",
    ENUM_DESCRIPTIONS,
    "markdownDescription",
];

/// Where the descriptions go of alternatives that became one `enum`.
const ENUM_DESCRIPTIONS: &str = "x-enum-descriptions";

/// Whether a keyword is prose; an extension that we do not know is.
pub(super) fn is_prose(key: &str) -> bool {
    PROSE.contains(&key) || (key.starts_with("x-") && key != "x-mcp-header")
}

/// The normal form of a schema.
pub(crate) fn normal(schema: &Value) -> Value {
    let map = match schema {
        Value::Object(map) => map,
        Value::Bool(true) => return Value::Object(Map::new()),
        other => return other.clone(),
    };
    let mut out = Map::new();
    for (key, value) in map {
        // The names of drafts before 2019-09.
        let key = if key == "definitions" { "$defs" } else { key };
        let value = if ONE.contains(&key) && !value.is_array() {
            normal(value)
        } else if LIST.contains(&key) || key == "items" {
            match value {
                Value::Array(list) => list.iter().map(normal).collect(),
                other => other.clone(),
            }
        } else if NAMED.contains(&key) {
            match value {
                Value::Object(named) => Value::Object(
                    named
                        .iter()
                        .map(|(name, child)| (name.clone(), normal(child)))
                        .collect(),
                ),
                other => other.clone(),
            }
        } else if key == "$ref" {
            reference(value)
        } else {
            value.clone()
        };
        out.insert(key.to_owned(), value);
    }
    if let Some(only) = out.remove("const") {
        out.entry("enum").or_insert_with(|| json!([only]));
    }
    constants_as_enum(&mut out);
    null_as_type(&mut out);
    single_all_of(&mut out);
    types(&mut out);
    bounds(&mut out);
    drop_what_says_nothing(&mut out);
    Value::Object(out)
}

/// The schema without what asserts nothing, for hashes and for equality.
pub(crate) fn contract(schema: &Value) -> Value {
    fn strip(value: &Value, is_schema: bool) -> Value {
        match value {
            Value::Object(map) if is_schema => {
                let kept = map.iter().filter(|(key, _)| !is_prose(key));
                Value::Object(
                    kept.map(|(key, value)| {
                        let named = NAMED.contains(&key.as_str());
                        let child = match value {
                            Value::Object(children) if named => Value::Object(
                                children
                                    .iter()
                                    .map(|(name, child)| (name.clone(), strip(child, true)))
                                    .collect(),
                            ),
                            Value::Array(list) if LIST.contains(&key.as_str()) => {
                                let mut list: Vec<Value> =
                                    list.iter().map(|child| strip(child, true)).collect();
                                // Alternatives have no order.
                                if key == "anyOf" || key == "oneOf" {
                                    list.sort_by_key(identity);
                                }
                                list.into()
                            }
                            other => strip(other, ONE.contains(&key.as_str())),
                        };
                        (key.clone(), child)
                    })
                    .collect(),
                )
            }
            other => other.clone(),
        }
    }
    strip(schema, true)
}

/// `#/definitions/x` as `#/$defs/x`.
fn reference(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => text.replace("#/definitions/", "#/$defs/").into(),
        None => value.clone(),
    }
}

/// Alternatives that are nothing but constants are one `enum`.
fn constants_as_enum(map: &mut Map<String, Value>) {
    for key in ["oneOf", "anyOf"] {
        let Some(Value::Array(branches)) = map.get(key) else {
            continue;
        };
        let constant = |branch: &Value| -> Option<Vec<Value>> {
            let branch = branch.as_object()?;
            let known = |k: &String| k == "enum" || k == "type" || is_prose(k);
            if !branch.keys().all(known) {
                return None;
            }
            branch.get("enum")?.as_array().cloned()
        };
        let Some(lists) = branches.iter().map(constant).collect::<Option<Vec<_>>>() else {
            continue;
        };
        if map.contains_key("enum") || lists.is_empty() {
            continue;
        }
        let mut seen = std::collections::HashSet::new();
        // Of `oneOf`, a value in two of the lists is refused.
        if key == "oneOf" && !lists.iter().flatten().all(|v| seen.insert(identity(v))) {
            continue;
        }
        let described: Vec<Value> = branches
            .iter()
            .filter_map(|b| b.get("description").cloned())
            .collect();
        map.remove(key);
        map.insert("enum".into(), lists.concat().into());
        if !described.is_empty() {
            map.insert(ENUM_DESCRIPTIONS.into(), described.into());
        }
    }
}

/// Whether a schema is that of `null`, and of nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else {
        return false;
    };
    let only_null = map.get("type").is_some_and(|t| t == "null")
        || map.get("enum").is_some_and(|e| e == &json!([null]));
    only_null
        && map
            .keys()
            .all(|k| k == "type" || k == "enum" || is_prose(k))
}

/// `anyOf [X, null]` is `X` with one more type. Where `X` is a reference it stays: the comparison looks through it.
fn null_as_type(map: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = map.get(key) else {
            continue;
        };
        let others: Vec<&Value> = branches.iter().filter(|b| !is_null(b)).collect();
        let [Value::Object(only)] = others.as_slice() else {
            continue;
        };
        let typed = only.contains_key("type") || only.contains_key("enum");
        let overlaps = only.keys().any(|k| map.contains_key(k) && !is_prose(k));
        if branches.len() != 2 || !typed || overlaps {
            continue;
        }
        let mut merged = only.clone();
        if let Some(types) = merged.get_mut("type") {
            let mut list = as_list(types);
            list.push("null".into());
            *types = list.into();
        }
        if let Some(Value::Array(values)) = merged.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
        map.remove(key);
        for (key, value) in merged {
            map.entry(key).or_insert(value);
        }
    }
}

/// `allOf [X]` is `X`.
fn single_all_of(map: &mut Map<String, Value>) {
    let Some(Value::Array(parts)) = map.get("allOf") else {
        return;
    };
    let [Value::Object(only)] = parts.as_slice() else {
        return;
    };
    if only.keys().any(|k| map.contains_key(k) && !is_prose(k)) {
        return;
    }
    let only = only.clone();
    map.remove("allOf");
    for (key, value) in only {
        map.entry(key).or_insert(value);
    }
}

fn as_list(types: &Value) -> Vec<Value> {
    match types {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    }
}

/// The word for a value's type.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() && n.as_f64().is_some_and(|f| f.fract() != 0.0) => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Types in one order, a single one without brackets; those of an `enum` are told by its values.
fn types(map: &mut Map<String, Value>) {
    let types: Vec<Value> = match (map.get("type"), map.get("enum")) {
        (Some(types), _) => as_list(types),
        (None, Some(Value::Array(values))) if !values.is_empty() => {
            values.iter().map(|v| type_of(v).into()).collect()
        }
        _ => return,
    };
    let mut words: Vec<String> = types
        .iter()
        .filter_map(|t| t.as_str().map(str::to_owned))
        .collect();
    if words.len() != types.len() {
        return;
    }
    words.sort();
    words.dedup();
    if words.iter().any(|w| w == "number") {
        words.retain(|w| w != "integer");
    }
    let types = match words.as_slice() {
        [one] => one.as_str().into(),
        _ => words.into(),
    };
    map.insert("type".into(), types);
}

/// Whether only whole numbers are let through.
fn is_whole(map: &Map<String, Value>) -> bool {
    let types = map.get("type").map(as_list).unwrap_or_default();
    types.iter().any(|t| t == "integer") && !types.iter().any(|t| t == "number")
}

/// Among whole numbers every bound can be an inclusive one.
fn bounds(map: &mut Map<String, Value>) {
    for (bound, exclusive, step) in [
        ("minimum", "exclusiveMinimum", 1),
        ("maximum", "exclusiveMaximum", -1),
    ] {
        // Draft 4: the excluded end is marked by a boolean.
        if let Some(Value::Bool(excluded)) = map.get(exclusive) {
            let excluded = *excluded;
            map.remove(exclusive);
            if excluded && let Some(value) = map.remove(bound) {
                map.insert(exclusive.into(), value);
            }
        }
        if !is_whole(map) {
            continue;
        }
        let inclusive = map.get(bound).and_then(|b| whole(b, step, false));
        let excluded = map.get(exclusive).and_then(|b| whole(b, step, true));
        let tighter = match (inclusive, excluded) {
            (Some(a), Some(b)) => Some(if step > 0 { a.max(b) } else { a.min(b) }),
            (a, b) => a.or(b),
        };
        if let Some(tighter) = tighter.and_then(number) {
            map.remove(exclusive);
            map.insert(bound.into(), Value::Number(tighter));
        }
    }
}

/// The nearest whole number inside a bound; `step` leads inwards.
fn whole(bound: &Value, step: i128, excluded: bool) -> Option<i128> {
    let number = bound.as_number()?;
    let exact = number.as_i64().map(i128::from);
    let exact = exact.or_else(|| number.as_u64().map(i128::from));
    if let Some(exact) = exact {
        return Some(if excluded { exact + step } else { exact });
    }
    let float = number.as_f64()?;
    if float.abs() > 1e18 {
        return None;
    }
    let inside = if step > 0 {
        float.ceil()
    } else {
        float.floor()
    };
    #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
    let inside_whole = inside as i128;
    let on_it = inside.partial_cmp(&float) == Some(Ordering::Equal);
    Some(if excluded && on_it {
        inside_whole + step
    } else {
        inside_whole
    })
}

fn number(value: i128) -> Option<Number> {
    i64::try_from(value)
        .map(Number::from)
        .or_else(|_| u64::try_from(value).map(Number::from))
        .ok()
}

fn drop_what_says_nothing(map: &mut Map<String, Value>) {
    if let Some(Value::Array(required)) = map.get_mut("required") {
        required.sort_by_key(identity);
        required.dedup();
    }
    let empty = |value: &Value| match value {
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let zero = |value: &Value| {
        value
            .as_number()
            .is_some_and(|n| compare_numbers(n, &Number::from(0)) == Some(Ordering::Equal))
    };
    map.retain(|key, value| match key.as_str() {
        "required" | "properties" | "$defs" | "patternProperties" => !empty(value),
        "additionalProperties" | "items" | "unevaluatedProperties" | "additionalItems" => {
            !(value.is_object() && empty(value))
        }
        "minLength" | "minItems" | "minProperties" => !zero(value),
        "uniqueItems" => value != &Value::Bool(false),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_has_one_form() {
        for (a, b) in [
            (
                json!({"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}),
                json!({"type": ["null", "string"], "minLength": 1}),
            ),
            (
                json!({"type": "integer", "exclusiveMaximum": 10, "exclusiveMinimum": 0}),
                json!({"type": "integer", "maximum": 9, "minimum": 1}),
            ),
            (
                json!({"type": "integer", "maximum": 9.5, "minimum": 0.5}),
                json!({"type": "integer", "maximum": 9, "minimum": 1}),
            ),
            (
                json!({"const": "a"}),
                json!({"enum": ["a"], "type": "string"}),
            ),
            (
                json!({"oneOf": [{"const": "a"}, {"const": "b"}]}),
                json!({"type": "string", "enum": ["a", "b"]}),
            ),
            (
                json!({"type": "object", "required": [], "properties": {}, "additionalProperties": true}),
                json!({"type": ["object"]}),
            ),
            (
                json!({"allOf": [{"$ref": "#/definitions/A"}], "definitions": {"A": {"type": "array", "items": true}}}),
                json!({"$ref": "#/$defs/A", "$defs": {"A": {"type": "array"}}}),
            ),
            (
                json!({"type": "number", "maximum": 3, "exclusiveMaximum": true}),
                json!({"type": "number", "exclusiveMaximum": 3}),
            ),
        ] {
            assert_eq!(identity(&normal(&a)), identity(&normal(&b)), "{a} {b}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (a, b) in [
            (
                json!({"type": "number", "exclusiveMaximum": 10}),
                json!({"type": "number", "maximum": 9}),
            ),
            (
                json!({"type": "string"}),
                json!({"type": ["string", "null"]}),
            ),
            (json!({"additionalProperties": false}), json!({})),
            (json!({"enum": ["a"]}), json!({"enum": ["a", null]})),
        ] {
            assert_ne!(identity(&normal(&a)), identity(&normal(&b)), "{a} {b}");
        }
    }

    #[test]
    fn a_contract_has_no_prose_yet_properties_may_be_called_like_it() {
        let schema =
            json!({"description": "d", "properties": {"title": {"type": "string", "title": "t"}}});
        assert_eq!(
            contract(&schema),
            json!({"properties": {"title": {"type": "string"}}})
        );
    }
}
