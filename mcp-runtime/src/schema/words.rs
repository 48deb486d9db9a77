//! How problems are worded, and where they are: paths, counts, the shapes of alternatives.

use serde_json::Value;

/// Whether a problem is that the alternative's own names are not there: then it is another that was meant.
pub(super) fn is_missing(schema: &Value, value: &Value, problem: &str, path: &str) -> bool {
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut absent = required
        .filter_map(Value::as_str)
        .filter(|name| value.get(name).is_none());
    absent.any(|name| child(path, name) == problem)
}

/// `1 character`, `2 characters`, `1 entry`.
pub(super) fn of(n: usize, unit: &str) -> String {
    match (n, unit) {
        (1, "entries") => "1 entry".into(),
        (1, unit) => format!("1 {}", unit.trim_end_matches('s')),
        (n, unit) => format!("{n} {unit}"),
    }
}

/// What alternatives look like from outside: their constants, and the names that they require.
pub(super) fn outsides(branches: &[Value]) -> Option<String> {
    let mut shapes = Vec::new();
    for branch in branches {
        let constants = branch.get("enum").and_then(Value::as_array).cloned();
        let constants = constants.or_else(|| branch.get("const").map(|only| vec![only.clone()]));
        let required = branch.get("required").and_then(Value::as_array);
        match (constants, required) {
            (Some(constants), _) => shapes.extend(constants.iter().map(Value::to_string)),
            (None, Some(names)) => {
                let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
                shapes.push(format!("an object with {}", names.join(" and ")));
            }
            _ => return None,
        }
    }
    Some(shapes.join(", or "))
}

pub(super) fn child(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        format!("{path}.{name}")
    } else {
        format!("{path}[{}]", Value::from(name))
    }
}

pub(super) fn unknown(names: &[String]) -> String {
    if names.is_empty() {
        return "is not known; there are no arguments".into();
    }
    format!("is not known; known are {}", names.join(", "))
}
