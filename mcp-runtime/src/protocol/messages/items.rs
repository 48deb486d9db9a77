//! What lists hold.

use super::Object;
use crate::protocol::{Annotations, Content, Role};

wire! {
    /// A tool.
    Tool {
        name: String,
        input_schema: Object;
        title: String,
        description: String,
        output_schema: Object,
        annotations: ToolAnnotations,
        icons: Vec<Icon>,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// Hints about a tool's behaviour.
    ToolAnnotations {
        ;
        title: String,
        read_only_hint: bool,
        destructive_hint: bool,
        idempotent_hint: bool,
        open_world_hint: bool
    }
    /// A picture for an item.
    Icon { src: String; mime_type: String, sizes: Vec<String>, theme: String }
    /// A resource.
    Resource {
        uri: String,
        name: String;
        title: String,
        description: String,
        mime_type: String,
        size: u64,
        annotations: Annotations,
        icons: Vec<Icon>,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// A family of resources (RFC 6570).
    ResourceTemplate {
        uri_template: String,
        name: String;
        title: String,
        description: String,
        mime_type: String,
        annotations: Annotations,
        icons: Vec<Icon>,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// A prompt.
    Prompt {
        name: String;
        title: String,
        description: String,
        arguments: Vec<PromptArgument>,
        icons: Vec<Icon>,
        #[serde(rename = "_meta")]
        meta: Object
    }
    /// An argument of a prompt.
    PromptArgument { name: String; title: String, description: String, required: bool }
    /// A message of a prompt.
    PromptMessage { role: Role, content: Content; }
}
