//! What clients send as text and mean as something else: `"12"` for an integer, `"[1]"` for an array.
//!
//! Steered by the schema alone; where a string is allowed, a string stays a string.

use serde_json::{Number, Value};

use super::portable::NULL_IS_ABSENT;

/// How deep coercion follows a value; the JSON reader itself stops at 128.
const MAX_DEPTH: usize = 128;

/// Coerces `value` by its schema, in place, with all that it contains. A `null` that counts as left out is left
/// out.
pub(super) fn coerce(root: &Value, value: &mut Value) {
    walk(root, root, value, 0);
}

fn walk(root: &Value, schema: &Value, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(target) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| resolve(root, r))
    {
        walk(root, target, value, depth + 1);
    }
    coerce_here(schema, value);
    for branch in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        walk(root, branch, value, depth + 1);
    }
    for key in ["anyOf", "oneOf"] {
        let branches = schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        // The branch that this value is meant for, as far as its outside tells.
        if let Some(branch) = branches
            .into_iter()
            .find(|branch| is_meant(root, branch, value))
        {
            walk(root, branch, value, depth + 1);
        }
    }
    match value {
        Value::Object(map) => {
            let properties = schema.get("properties");
            let patterned = schema.get("patternProperties").and_then(Value::as_object);
            let only = patterned
                .filter(|p| p.len() == 1)
                .and_then(|p| p.values().next());
            let rest = only.or(schema.get("additionalProperties"));
            let property = |key: &str| properties.and_then(|p| p.get(key)).or(rest);
            map.retain(|key, child| {
                !(child.is_null() && property(key).is_some_and(|p| p.get(NULL_IS_ABSENT).is_some()))
            });
            for (key, child) in map {
                if let Some(sub) = property(key) {
                    walk(root, sub, child, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            let prefix = schema.get("prefixItems").and_then(Value::as_array);
            for (i, item) in items.iter_mut().enumerate() {
                if let Some(sub) = prefix.and_then(|p| p.get(i)).or(schema.get("items")) {
                    walk(root, sub, item, depth + 1);
                }
            }
        }
        _ => {}
    }
}

/// Whether an alternative is of the value's type and, for an object, has what it requires.
fn is_meant(root: &Value, schema: &Value, value: &Value) -> bool {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|r| resolve(root, r));
    let schema = target.unwrap_or(schema);
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allows = |t: &Value| t == name || (t == "integer" && name == "number");
    let of_type = match schema.get("type") {
        Some(Value::Array(several)) => several.iter().any(allows),
        Some(one) => allows(one),
        None => true,
    };
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    of_type
        && required
            .filter_map(Value::as_str)
            .all(|key| value.get(key).is_some())
}

fn coerce_here(schema: &Value, value: &mut Value) {
    let Some(kind) = schema.get("type") else {
        return;
    };
    let allows = |t: &str| match kind {
        Value::String(only) => only == t,
        Value::Array(several) => several.iter().any(|s| s == t),
        _ => false,
    };
    if let Value::Number(number) = value {
        if allows("integer")
            && !allows("number")
            && let Some(whole) = whole(number)
        {
            *value = Value::Number(whole);
        }
        return;
    }
    let Value::String(text) = value else { return };
    if allows("string") {
        return;
    }
    let Ok(mut parsed) = serde_json::from_str::<Value>(text.trim()) else {
        return;
    };
    if let (Value::Number(number), true) = (&parsed, allows("integer") && !allows("number"))
        && let Some(whole) = whole(number)
    {
        parsed = Value::Number(whole);
    }
    let fits = match &parsed {
        Value::Null => allows("null"),
        Value::Bool(_) => allows("boolean"),
        Value::Number(n) => allows("number") || (allows("integer") && !n.is_f64()),
        Value::Array(_) => allows("array"),
        Value::Object(_) => allows("object"),
        Value::String(_) => false,
    };
    if fits {
        *value = parsed;
    }
}

/// `6.0` is an integer; `6.5` is none, nor is what a float cannot hold exactly.
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and exact"
    )]
    (float.fract() == 0.0 && float.abs() <= EXACT).then(|| Number::from(float as i64))
}

/// The schema that a local `$ref` names.
pub(super) fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.is_empty() || pointer.starts_with('/') {
        return root.pointer(pointer);
    }
    // `#name` goes to a `$anchor`.
    root.get("$defs")?
        .as_object()?
        .values()
        .find(|d| d.get("$anchor").is_some_and(|a| a == pointer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn coerced(schema: Value, mut value: Value) -> Value {
        coerce(&schema, &mut value);
        value
    }

    #[test]
    fn text_becomes_what_the_schema_wants() {
        assert_eq!(coerced(json!({"type": "integer"}), json!("12")), json!(12));
        assert_eq!(coerced(json!({"type": "integer"}), json!(6.0)), json!(6));
        assert_eq!(
            coerced(json!({"type": "boolean"}), json!("true")),
            json!(true)
        );
        let list = json!({"type": "array", "items": {"type": "integer"}});
        assert_eq!(coerced(list, json!("[1, \"2\"]")), json!([1, 2]));
    }

    #[test]
    fn what_does_not_fit_is_left_for_the_validator() {
        for (schema, value) in [
            (json!({"type": "string"}), json!("12")),
            (json!({"type": ["string", "integer"]}), json!("12")),
            (json!({"type": "integer"}), json!("twelve")),
            (json!({"type": "integer"}), json!(6.5)),
            (json!({"type": "integer"}), json!("6.5")),
            (json!({}), json!("12")),
        ] {
            assert_eq!(coerced(schema.clone(), value.clone()), value, "{schema}");
        }
    }
}
