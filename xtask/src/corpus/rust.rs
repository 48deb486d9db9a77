//! From the descriptors of one server to Rust that a person could have written.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::names::{plain_snake, snake};
use super::read::Server;
use super::types::Types;

/// How much could be said in which way.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Said {
    /// Tools whose whole input schema is given word for word.
    pub(super) verbatim_tools: usize,
    /// Parts of schemas that are given word for word, on a `Value`.
    pub(super) verbatim_parts: usize,
}

/// The most parameters that a tool may have.
const MAX_PARAMETERS: usize = 64;

/// The source of a module with all tools of the server.
pub(super) fn module(server: &Server, said: &mut Said) -> String {
    let mut source = String::from("use mcp_runtime::prelude::*;\n\n");
    let views = views(server);
    for (index, uri) in views.iter().enumerate() {
        let _ = write!(
            source,
            "/// A view.\n#[mcp_ui_resource(uri = {uri:?}, bridge = true)]\nconst VIEW_{index}: &str = \"<!doctype html><html><head></head></html>\";\n\n"
        );
    }
    let mut modules = HashSet::new();
    let mut paths = Vec::new();
    for tool in &server.tools {
        let name = tool["name"].as_str().unwrap_or_default();
        let module = snake(name, &mut modules)
            .trim_start_matches("r#")
            .to_owned();
        let function = match plain_snake(name).as_str() {
            plain if snake(plain, &mut HashSet::new()) == plain => plain.to_owned(),
            plain => format!("{plain}_tool"),
        };
        let body = self::tool(tool, &function, &views, said);
        let _ = write!(source, "mod in_{module} {{\n{body}}}\n\n");
        paths.push(format!("in_{module}::{function}"));
    }
    paths.extend((0..views.len()).map(|index| format!("VIEW_{index}")));
    let _ = write!(
        source,
        "pub fn items() -> mcp_runtime::Items {{\n    tools![{}]\n}}\n",
        paths.join(", ")
    );
    source
}

/// The uris of all views.
fn views(server: &Server) -> Vec<String> {
    let uris = server.tools.iter().filter_map(view);
    let uris: BTreeSet<_> = uris.map(ToOwned::to_owned).collect();
    uris.into_iter().collect()
}

fn view(tool: &Value) -> Option<&str> {
    let ui = tool.get("_meta")?.get("ui")?.as_object()?;
    let known = |key: &String| key == "resourceUri" || key == "visibility";
    let uri = ui.get("resourceUri")?.as_str()?;
    (ui.keys().all(known) && uri.starts_with("ui://")).then_some(uri)
}

fn tool(tool: &Value, function: &str, views: &[String], said: &mut Said) -> String {
    let name = tool["name"].as_str().unwrap_or_default();
    let mut entries = about(tool, function, name);
    entries.extend(meta(tool, views));
    let input = tool["inputSchema"].as_object().cloned().unwrap_or_default();
    let mut types = Types::new(&input, false);
    let params = match params(&input, &mut types, &mut entries) {
        Some(params) => {
            said.verbatim_parts += types.verbatim;
            params
        }
        None => {
            said.verbatim_tools += 1;
            let text = Value::Object(input.clone()).to_string();
            entries.push(format!("schema = {text:?}"));
            types = Types::new(&Map::new(), false);
            String::new()
        }
    };
    let mut source = String::from(
        "    use mcp_runtime::prelude::*;\n    #[allow(unused_imports)]\n    use std::collections::BTreeMap;\n    \
         #[allow(unused_imports)]\n    use serde_json::{Map, Value};\n\n",
    );
    source.push_str(&types.source);
    let (output, result) = match tool.get("outputSchema").and_then(Value::as_object) {
        Some(schema) => {
            let mut types = Types::new(schema, true);
            let ty = types.output(schema);
            said.verbatim_parts += types.verbatim;
            let module = format!(
                "    mod out {{\n        use super::*;\n{}    }}\n    use out::*;\n",
                types.source
            );
            (module, format!("Json<{ty}>"))
        }
        None if entries.iter().any(|e| e.starts_with("ui = ")) => {
            (String::new(), "ToolResult".to_owned())
        }
        None => (String::new(), "String".to_owned()),
    };
    source.push_str(&output);
    let _ = write!(
        source,
        "    #[mcp_tool({})]\n    pub async fn {function}({params}) -> std::result::Result<{result}, String> {{\n        \
         Err(\"accepted\".to_owned())\n    }}\n",
        entries.join(", ")
    );
    source
}

/// All but the schema and `_meta`.
fn about(tool: &Value, function: &str, name: &str) -> Vec<String> {
    let mut entries = Vec::new();
    if function.trim_start_matches("r#") != name {
        entries.push(format!("name = {name:?}"));
    }
    let description = tool["description"].as_str().unwrap_or_default();
    let description = match description.trim() {
        "" => name,
        _ => description,
    };
    entries.push(format!("description = {description:?}"));
    if let Some(title) = tool["title"].as_str() {
        entries.push(format!("title = {title:?}"));
    }
    let annotations = &tool["annotations"];
    if let Some(title) = annotations["title"].as_str() {
        entries.push(format!("annotations(title = {title:?})"));
    }
    for (key, entry) in [
        ("readOnlyHint", "read_only"),
        ("destructiveHint", "destructive"),
        ("idempotentHint", "idempotent"),
        ("openWorldHint", "open_world"),
    ] {
        if let Some(hint) = annotations[key].as_bool() {
            entries.push(format!("{entry} = {hint}"));
        }
    }
    let icons = tool["icons"].as_array().into_iter().flatten().map(icon);
    let icons: Vec<_> = icons.collect();
    if !icons.is_empty() {
        entries.push(format!("icons({})", icons.join(", ")));
    }
    entries
}

fn icon(icon: &Value) -> String {
    let mut parts = vec![format!(
        "src = {:?}",
        icon["src"].as_str().unwrap_or_default()
    )];
    if let Some(mime) = icon["mimeType"].as_str() {
        parts.push(format!("mime = {mime:?}"));
    }
    let sizes = match &icon["sizes"] {
        Value::Array(sizes) => sizes.iter().filter_map(Value::as_str).collect(),
        Value::String(size) => vec![size.as_str()],
        _ => Vec::new(),
    };
    if !sizes.is_empty() {
        let sizes: Vec<_> = sizes.iter().map(|size| format!("{size:?}")).collect();
        parts.push(format!("sizes({})", sizes.join(", ")));
    }
    if let Some(theme) = icon["theme"].as_str() {
        parts.push(format!("theme = {theme:?}"));
    }
    format!("icon({})", parts.join(", "))
}

fn meta(tool: &Value, views: &[String]) -> Vec<String> {
    let mut entries = Vec::new();
    let mut further = Vec::new();
    let shown = view(tool);
    for (key, value) in tool["_meta"].as_object().into_iter().flatten() {
        match key.as_str() {
            "ui/resourceUri" if shown.is_some_and(|uri| value == uri) => {}
            "ui" if shown.is_some()
                || value
                    .as_object()
                    .is_some_and(|ui| ui.keys().eq(["visibility"])) =>
            {
                if let Some(index) = shown.and_then(|uri| views.iter().position(|v| v == uri)) {
                    entries.push(format!("ui = super::VIEW_{index}"));
                }
                let who = value["visibility"].as_array().into_iter().flatten();
                let who: Vec<_> = who.filter_map(Value::as_str).collect();
                if !who.is_empty() {
                    entries.push(format!("visibility({})", who.join(", ")));
                }
            }
            _ => further.push(format!("{key:?} = {}", tokens(value))),
        }
    }
    if !further.is_empty() {
        entries.push(format!("meta({})", further.join(", ")));
    }
    entries
}

/// The parameters, or `None` where the root says what only the schema itself can say.
fn params(
    root: &Map<String, Value>,
    types: &mut Types,
    entries: &mut Vec<String>,
) -> Option<String> {
    let none = Map::new();
    let properties = root
        .get("properties")
        .map_or(Some(&none), Value::as_object)?;
    let required: Vec<_> = match root.get("required") {
        Some(names) => names.as_array()?.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    if root.get("type").and_then(Value::as_str) != Some("object")
        || required.iter().any(|name| !properties.contains_key(*name))
        || properties.len() > MAX_PARAMETERS
        || !types.understands_references(root)
    {
        return None;
    }
    let mut extend = Vec::new();
    for (key, value) in root {
        match key.as_str() {
            "type" | "properties" | "required" | "$schema" | "title" | "description" | "$defs" => {}
            "additionalProperties" if *value == Value::Bool(false) => {}
            _ => extend.push(format!("{key:?} = {}", tokens(value))),
        }
    }
    if root.get("additionalProperties") != Some(&Value::Bool(false)) {
        entries.push("open".into());
    }
    if !extend.is_empty() {
        entries.push(format!("extend({})", extend.join(", ")));
    }
    let fields = types.fields(properties, &required);
    let mut params = Vec::new();
    let renamed = fields.iter().all(|field| field.is_camel());
    if renamed && fields.iter().any(|field| field.needs_rename()) {
        entries.push("rename_all = \"camelCase\"".into());
    }
    for field in &fields {
        params.push(field.param(renamed));
    }
    let definitions = types.definitions();
    if !definitions.is_empty() {
        entries.push(format!("definitions({})", definitions.join(", ")));
    }
    Some(params.join(", "))
}

/// JSON as it stands in an attribute.
pub(super) fn tokens(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(tokens).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{k:?}: {}", tokens(v)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}
