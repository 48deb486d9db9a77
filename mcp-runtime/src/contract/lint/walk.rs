//! All the schemas of a tool, with their places.

use serde_json::{Map, Value};

use super::super::document::{Entry, Kind, Surface};
use super::super::normal::{LIST, NAMED, ONE};

/// The tools of a surface.
pub(super) fn tools(surface: &Surface) -> impl Iterator<Item = (String, &Entry)> {
    let tools = surface.entries(Kind::Tool).unwrap_or_default();
    tools.iter().map(|tool| (Kind::Tool.item(&tool.key), tool))
}

/// Calls `look` with each schema of the tool's input and output, and its path.
pub(super) fn schemas(tool: &Entry, look: &mut dyn FnMut(&Map<String, Value>, &str)) {
    for key in ["inputSchema", "outputSchema"] {
        if let Some(schema) = tool.descriptor.get(key) {
            walk(schema, &format!("/{key}"), look);
        }
    }
}

/// Calls `look` with this schema and with each within it.
pub(super) fn walk(schema: &Value, path: &str, look: &mut dyn FnMut(&Map<String, Value>, &str)) {
    let Value::Object(map) = schema else {
        return;
    };
    look(map, path);
    for (key, value) in map {
        let here = format!("{path}/{key}");
        match value {
            Value::Object(children) if NAMED.contains(&key.as_str()) || key == "definitions" => {
                for (name, child) in children {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(child, &format!("{here}/{name}"), look);
                }
            }
            Value::Array(list) if LIST.contains(&key.as_str()) || key == "items" => {
                for (i, child) in list.iter().enumerate() {
                    walk(child, &format!("{here}/{i}"), look);
                }
            }
            _ if ONE.contains(&key.as_str()) => walk(value, &here, look),
            _ => {}
        }
    }
}
