//! What a client says that is willing to all.

use serde_json::{Value, json};

/// What a willing user and their client say to a request of the server's.
pub(crate) fn answer(request: &Value) -> Value {
    match request["method"].as_str() {
        Some("roots/list") => json!({ "roots": [{ "uri": "file:///tmp", "name": "tmp" }] }),
        Some("sampling/createMessage") => json!({
            "role": "assistant", "model": "none", "stopReason": "endTurn",
            "content": { "type": "text", "text": "Paris" }
        }),
        _ => {
            let form = &request["params"]["requestedSchema"];
            let mut accepted = json!({ "action": "accept" });
            if form.is_object() {
                accepted["content"] = fill(form);
            }
            accepted
        }
    }
}

/// A value that fits a schema of the kind that forms and tools have.
pub(crate) fn fill(schema: &Value) -> Value {
    let first = |list: &Value| list.get(0).map(|c| c.get("const").unwrap_or(c).clone());
    let chosen = first(&schema["enum"])
        .or_else(|| first(&schema["oneOf"]))
        .or_else(|| first(&schema["anyOf"]));
    if let Some(value) = schema.get("default").cloned().or(chosen) {
        return value;
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                .map(|(name, part)| (name.clone(), fill(part)))
                .collect()
        }
        Some("array") => json!([fill(&schema["items"])]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        _ => json!("text"),
    }
}
