//! Tools that answer at once: every kind of content, progress, log messages, schemas.

use std::time::Duration;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use super::PNG;

/// A wave file of no length.
const WAV: &[u8] =
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";

/// Return one block of text.
#[mcp_tool]
async fn test_simple_text() -> &'static str {
    "This is a simple text response for testing."
}

/// Return a picture.
#[mcp_tool]
async fn test_image_content() -> Image {
    Image::new(PNG, "image/png")
}

/// Return a sound.
#[mcp_tool]
async fn test_audio_content() -> Audio {
    Audio::new(WAV, "audio/wav")
}

/// Return a resource, carried along.
#[mcp_tool]
async fn test_embedded_resource() -> EmbeddedResource {
    let contents = ResourceContents::text(
        "test://embedded-resource",
        "This is an embedded resource content.",
    );
    EmbeddedResource::new(contents.mime_type("text/plain"))
}

/// Return several kinds of content at once.
#[mcp_tool]
async fn test_multiple_content_types() -> Vec<Content> {
    let contents = ResourceContents::text(
        "test://mixed-content-resource",
        json!({ "test": "data" }).to_string(),
    );
    vec![
        Content::text("Multiple content types test:"),
        Image::new(PNG, "image/png").into(),
        EmbeddedResource::new(contents.mime_type("application/json")).into(),
    ]
}

/// Fail, in words for the model.
#[mcp_tool]
async fn test_error_handling() -> Result<String, &'static str> {
    Err("This tool intentionally returns an error for testing")
}

/// Report progress three times.
#[mcp_tool]
async fn test_tool_with_progress(ctx: &Context) -> &'static str {
    for done in [0.0, 50.0, 100.0] {
        ctx.progress(done, Some(100.0), None);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    "done"
}

/// Send three log messages.
#[mcp_tool]
async fn test_tool_with_logging(ctx: &Context) -> &'static str {
    for message in [
        "Tool execution started",
        "Tool processing data",
        "Tool execution completed",
    ] {
        ctx.log(LogLevel::Info, message);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    "done"
}

/// Log, if the request asks for it.
#[mcp_tool]
async fn test_logging_tool(ctx: &Context) -> &'static str {
    ctx.log(LogLevel::Info, "logged on request");
    "done"
}

/// Have an input schema that says all that JSON Schema 2020-12 can say.
#[mcp_tool(schema = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
        }
    },
    "properties": {
        "name": { "type": "string" },
        "address": { "$ref": "#/$defs/address" },
        "contactMethod": { "type": "string", "enum": ["phone", "email"] },
        "phone": { "type": "string" },
        "email": { "type": "string" }
    },
    "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
    "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
    "then": { "required": ["phone"] },
    "else": { "required": ["email"] },
    "additionalProperties": false
}"##)]
async fn json_schema_2020_12_tool(name: Option<String>, address: Option<Value>) -> String {
    format!("{name:?} {address:?}")
}

/// Repeat an argument that travels in a header too.
#[mcp_tool]
async fn test_x_mcp_header(#[arg(header = "Region")] region: String) -> String {
    region
}
