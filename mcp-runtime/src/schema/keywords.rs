//! Keywords that are written at an argument, a field or a type, and where they go in its schema.

use serde_json::{Map, Value};

/// Marks the keywords of a field or a type until its schema is made portable.
pub(super) const KEYWORDS: &str = "x-mcp-keywords";

/// Keywords, each with its value as JSON text, as one object. The macros write only JSON.
#[doc(hidden)]
pub fn keywords(pairs: &[(&str, &str)]) -> Value {
    let pair = |(keyword, json): &(&str, &str)| {
        let value = serde_json::from_str(json).unwrap_or_default();
        ((*keyword).to_owned(), value)
    };
    Value::Object(pairs.iter().map(pair).collect())
}

/// Adds a keyword to a schema. `items/pattern` goes to the schema of a list's items.
pub(super) fn add(map: &mut Map<String, Value>, keyword: &str, value: Value) {
    for inner in ["items", "additionalProperties"] {
        let rest = keyword
            .strip_prefix(inner)
            .and_then(|rest| rest.strip_prefix('/'));
        if let Some(rest) = rest {
            let schema = map.entry(inner).or_insert(Value::Bool(true));
            if !schema.is_object() {
                *schema = Value::Object(Map::new());
            }
            if let Value::Object(schema) = schema {
                add(schema, rest, value);
            }
            return;
        }
    }
    // `exclusiveMaximum` is a bound of its own; that of the type would only stand beside it.
    let replaced = match keyword {
        "exclusiveMinimum" => "minimum",
        "exclusiveMaximum" => "maximum",
        _ => "",
    };
    map.remove(replaced);
    map.insert(for_type(keyword, map.get("type")).to_owned(), value);
}

/// `length` is written the same for strings, lists and maps; only the schema knows which of them it is.
fn for_type<'k>(keyword: &'k str, kind: Option<&Value>) -> &'k str {
    let kind = match kind {
        Some(Value::Array(several)) => several.iter().find(|k| *k != "null"),
        other => other,
    };
    match (keyword, kind.and_then(Value::as_str)) {
        ("minLength", Some("array")) => "minItems",
        ("maxLength", Some("array")) => "maxItems",
        ("minLength", Some("object")) => "minProperties",
        ("maxLength", Some("object")) => "maxProperties",
        _ => keyword,
    }
}

/// Puts marked keywords into their place.
pub(super) fn unmark(map: &mut Map<String, Value>) {
    if let Some(Value::Object(marked)) = map.remove(KEYWORDS) {
        for (keyword, value) in marked {
            add(map, &keyword, value);
        }
    }
}

/// Keywords that assert nothing.
pub(super) const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "$anchor",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "enumNames",
];

/// Whether a keyword may refuse a value.
pub(super) fn asserts(keyword: &str) -> bool {
    !ANNOTATIONS.contains(&keyword) && !keyword.starts_with("x-")
}
