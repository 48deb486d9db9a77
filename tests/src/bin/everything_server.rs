//! The fixture of the official conformance suite, written as a user would write it.
//!
//! `PORT=3900 cargo run -p mcp-tests --bin everything_server`: no authentication, both wires on `/mcp`.

use std::time::Duration;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

/// A red pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T', 8,
    0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E',
    b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
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

/// A fixed text.
#[mcp_resource(uri = "test://static-text", mime_type = "text/plain")]
async fn static_text() -> &'static str {
    "This is the content of the static text resource."
}

/// A fixed picture.
#[mcp_resource(uri = "test://static-binary", mime_type = "image/png")]
async fn static_binary() -> &'static [u8] {
    PNG
}

/// A family of records.
#[mcp_resource(uri = "test://template/{id}/data", mime_type = "application/json")]
async fn template(id: String) -> Json<Value> {
    Json(json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }))
}

/// A resource that changes.
#[mcp_resource(uri = "test://watched-resource", mime_type = "text/plain")]
async fn watched() -> &'static str {
    "watched"
}

/// A prompt without arguments.
#[mcp_prompt]
async fn test_simple_prompt() -> &'static str {
    "This is a simple prompt for testing."
}

/// A prompt with two arguments.
#[mcp_prompt]
async fn test_prompt_with_arguments(
    /// The first.
    arg1: String,
    /// The second.
    arg2: String,
) -> String {
    format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
}

/// A prompt that carries a resource.
#[mcp_prompt(name = "test_prompt_with_embedded_resource")]
async fn prompt_with_resource(#[arg(rename = "resourceUri")] uri: String) -> [PromptMessage; 2] {
    let contents = ResourceContents::text(uri, "Embedded resource content for testing.")
        .mime_type("text/plain");
    [
        PromptMessage::user(EmbeddedResource::new(contents)),
        PromptMessage::user("Please process the embedded resource above."),
    ]
}

/// A prompt that carries a picture.
#[mcp_prompt]
async fn test_prompt_with_image() -> [PromptMessage; 2] {
    [
        PromptMessage::user(Image::new(PNG, "image/png")),
        PromptMessage::user("Please analyze the image above."),
    ]
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    mcp_server!("everything").auth(Auth::none()).run().await
}
