//! Items as the lists show them.

use serde_json::{Map, Value, json};

use crate::descriptor::{
    Audience, Csp, Icon, Permissions, PromptDescriptor, ResourceDescriptor, ToolDescriptor,
    UiResourceDescriptor, Uri,
};
use crate::protocol::UI_MIME_TYPE;

/// An object that leaves out what is not there.
struct Object(Map<String, Value>);

impl Object {
    fn new() -> Self {
        Self(Map::new())
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    fn icons(self, icons: &[Icon]) -> Self {
        let list = icons.iter().map(|icon| {
            Object::new()
                .with("src", icon.src)
                .maybe("mimeType", icon.mime_type)
                .maybe(
                    "sizes",
                    (!icon.sizes.is_empty()).then_some(icon.sizes.to_vec()),
                )
                .maybe("theme", icon.theme)
                .0
        });
        self.maybe(
            "icons",
            (!icons.is_empty()).then(|| list.collect::<Vec<_>>()),
        )
    }
}

/// A tool. `output` is left out where the revision cannot have it.
pub(super) fn tool(
    tool: &ToolDescriptor,
    input: &Value,
    output: Option<&Map<String, Value>>,
    flat_ui_key: bool,
) -> Value {
    let hints = Object::new()
        .maybe("title", tool.annotations_title)
        .maybe("readOnlyHint", tool.hints.read_only)
        .maybe("destructiveHint", tool.hints.destructive)
        .maybe("idempotentHint", tool.hints.idempotent)
        .maybe("openWorldHint", tool.hints.open_world);
    let mut meta = Map::new();
    if let Some(ui) = ui_meta(tool) {
        // The flat key is the older spelling, which some hosts still read.
        if let Some(view) = tool.ui.filter(|_| flat_ui_key) {
            meta.insert("ui/resourceUri".into(), view.listed_uri().into());
        }
        meta.insert("ui".into(), ui);
    }
    for (key, json) in tool.meta {
        meta.insert(
            (*key).into(),
            serde_json::from_str(json).unwrap_or_default(),
        );
    }
    let wire = Object::new()
        .with("name", tool.name)
        .maybe("title", tool.title)
        .with("description", tool.description)
        .with("inputSchema", input.clone())
        .maybe("outputSchema", output.cloned())
        .maybe("annotations", (!hints.0.is_empty()).then_some(hints.0))
        .icons(tool.icons)
        .maybe("_meta", (!meta.is_empty()).then_some(meta));
    Value::Object(wire.0)
}

fn ui_meta(tool: &ToolDescriptor) -> Option<Value> {
    if tool.ui.is_none() && tool.visibility.is_empty() {
        return None;
    }
    let visibility = tool.visibility.iter().map(|audience| match audience {
        Audience::Model => "model",
        Audience::App => "app",
    });
    let meta = Object::new()
        .maybe("resourceUri", tool.ui.map(|view| view.listed_uri()))
        .maybe(
            "visibility",
            (!tool.visibility.is_empty()).then(|| visibility.collect::<Vec<_>>()),
        );
    Some(Value::Object(meta.0))
}

/// A resource or a template.
pub(super) fn resource(resource: &ResourceDescriptor) -> Value {
    let annotations = Object::new()
        .maybe(
            "audience",
            (!resource.audience.is_empty()).then(|| json!(resource.audience)),
        )
        .maybe("priority", resource.priority);
    let key = match resource.uri {
        Uri::Fixed(_) => "uri",
        Uri::Template(_) => "uriTemplate",
    };
    let wire = Object::new()
        .with(key, resource.uri.as_str())
        .with("name", resource.name)
        .maybe("title", resource.title)
        .with("description", resource.description)
        .maybe("mimeType", resource.mime_type)
        .maybe(
            "annotations",
            (!annotations.0.is_empty()).then_some(annotations.0),
        )
        .icons(resource.icons);
    Value::Object(wire.0)
}

/// A view, as the list of resources shows it.
pub(super) fn ui_resource(view: &UiResourceDescriptor, uri: &str) -> Value {
    let wire = Object::new()
        .with("uri", uri)
        .with("name", view.name)
        .maybe("title", view.title)
        .with("description", view.description)
        .with("mimeType", UI_MIME_TYPE)
        .with("_meta", Value::Object(view_meta(view)));
    Value::Object(wire.0)
}

/// The `_meta` of a view: the same on the listing and on the contents that a read returns.
pub(crate) fn view_meta(view: &UiResourceDescriptor) -> Map<String, Value> {
    let Csp {
        connect,
        resource,
        frame,
        base_uri,
    } = view.csp;
    let Permissions {
        camera,
        microphone,
        geolocation,
        clipboard_write,
    } = view.permissions;
    let asked = [
        ("camera", camera),
        ("microphone", microphone),
        ("geolocation", geolocation),
        ("clipboardWrite", clipboard_write),
    ];
    let permissions: Map<String, Value> = asked
        .iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| ((*name).to_owned(), json!({})))
        .collect();
    let ui = Object::new()
        // Explicitly empty lists: some hosts warn where a list is missing.
        .with(
            "csp",
            json!({
                "connectDomains": connect,
                "resourceDomains": resource,
                "frameDomains": frame,
                "baseUriDomains": base_uri,
            }),
        )
        .maybe(
            "permissions",
            (!permissions.is_empty()).then_some(permissions),
        )
        .maybe("domain", view.domain)
        .maybe("prefersBorder", view.prefers_border);
    Object::new().with("ui", ui.0).0
}

/// A prompt.
pub(super) fn prompt(prompt: &PromptDescriptor, input: &Value) -> Value {
    let arguments = prompt.params.iter().map(|param| {
        Object::new()
            .with("name", param.name)
            .maybe(
                "description",
                input["properties"][param.name]["description"].as_str(),
            )
            .with("required", param.is_required())
            .0
    });
    let wire = Object::new()
        .with("name", prompt.name)
        .maybe("title", prompt.title)
        .with("description", prompt.description)
        .maybe(
            "arguments",
            (!prompt.params.is_empty()).then(|| arguments.collect::<Vec<_>>()),
        )
        .icons(prompt.icons);
    Value::Object(wire.0)
}

/// Whether a structured result is an object at its root, as revisions before 2026-07-28 demand.
pub(super) fn is_object(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|t| t == "object")
}
