//! The fixture of the official conformance suite, written as a user would write it.
//!
//! `PORT=3900 cargo run -p mcp-tests --bin everything_server`: no authentication, both wires on `/mcp`.

use std::future::IntoFuture as _;
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

/// A name.
#[mcp_type]
struct Name {
    name: String,
}

/// Who answers the elicitation.
#[mcp_type]
struct Person {
    /// The user's name.
    username: String,
    /// Where to write to.
    email: String,
}

/// Ask the client's model.
#[mcp_tool]
async fn test_sampling(prompt: String, ctx: &Context) -> Result<String, Error> {
    Ok(format!(
        "LLM response: {}",
        ctx.sample(prompt, 100).await?.text()
    ))
}

/// Ask the user.
#[mcp_tool]
async fn test_elicitation(message: String, ctx: &Context) -> Result<String, Error> {
    let answer = ctx.elicit::<Person>(message).optional().await?;
    Ok(match answer {
        Some(person) => format!("User response: {} <{}>", person.username, person.email),
        None => "The user declined.".into(),
    })
}

/// How things stand.
#[mcp_type]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
    Pending,
}

/// A form whose every field has a default.
#[mcp_type]
struct Defaults {
    #[serde(default = "john")]
    name: String,
    #[serde(default = "thirty")]
    age: i32,
    #[serde(default = "score")]
    score: f64,
    #[serde(default = "active")]
    status: Status,
    #[serde(default = "yes")]
    verified: bool,
}

fn john() -> String {
    "John Doe".into()
}
fn thirty() -> i32 {
    30
}
fn score() -> f64 {
    95.5
}
fn active() -> Status {
    Status::Active
}
fn yes() -> bool {
    true
}

/// Ask with a default for every kind of field.
#[mcp_tool]
async fn test_elicitation_sep1034_defaults(ctx: &Context) -> Result<String, Error> {
    let answer = ctx
        .elicit::<Defaults>("Please review and update the form fields")
        .optional()
        .await?;
    Ok(format!(
        "Elicitation completed: {:?}",
        answer.map(|a| (a.name, a.age, a.score, a.verified))
    ))
}

/// Ask with every kind of choice.
#[mcp_tool]
async fn test_elicitation_sep1330_enums(ctx: &Context) -> Result<String, Error> {
    let titled = |name: &str| {
        json!([
            { "const": format!("{name}1"), "title": "First Option" },
            { "const": format!("{name}2"), "title": "Second Option" },
            { "const": format!("{name}3"), "title": "Third Option" },
        ])
    };
    let form = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
            "titledSingle": { "type": "string", "oneOf": titled("value") },
            "legacyEnum": {
                "type": "string", "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": ["option1", "option2", "option3"] } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("value") } },
        }
    });
    let answer = ctx
        .elicit::<Value>("Please select options")
        .schema(form)
        .optional()
        .await?;
    Ok(format!("Elicitation completed: {answer:?}"))
}

/// Need a client that lends its model.
#[mcp_tool]
async fn test_missing_capability(ctx: &Context) -> Result<String, Error> {
    Ok(ctx.sample("Say hello.", 10).await?.text())
}

/// Report progress, then ask.
#[mcp_tool]
async fn test_streaming_elicitation(ctx: &Context) -> Result<String, Error> {
    ctx.progress(1.0, Some(2.0), None);
    Ok(format!(
        "Hello, {}!",
        ctx.elicit::<Name>("What is your name?")
            .key("user_name")
            .await?
            .name
    ))
}

/// Ask the user for a name.
#[mcp_tool]
async fn test_input_required_result_elicitation(ctx: &Context) -> Result<String, Error> {
    let answer = ctx
        .elicit::<Name>("What is your name?")
        .key("user_name")
        .await?;
    Ok(format!("Hello, {}!", answer.name))
}

/// Ask the client's model for a capital.
#[mcp_tool]
async fn test_input_required_result_sampling(ctx: &Context) -> Result<String, Error> {
    Ok(ctx
        .sample("What is the capital of France?", 100)
        .key("capital_question")
        .await?
        .text())
}

/// Ask the client for its roots.
#[mcp_tool]
async fn test_input_required_result_list_roots(ctx: &Context) -> Result<String, Error> {
    Ok(format!(
        "{} roots",
        ctx.roots().key("client_roots").await?.len()
    ))
}

/// A yes or a no.
#[mcp_type]
struct Confirmation {
    ok: bool,
}

/// Ask, and carry a state to the next round.
#[mcp_tool]
async fn test_input_required_result_request_state(ctx: &Context) -> Result<String, Error> {
    let state: String = ctx
        .once("state", || async { Ok("state-ok".to_owned()) })
        .await?;
    let answer = ctx
        .elicit::<Confirmation>("Please confirm")
        .key("confirm")
        .await?;
    Ok(format!("{state} {}", answer.ok))
}

/// Ask three things at once.
#[mcp_tool]
async fn test_input_required_result_multiple_inputs(ctx: &Context) -> Result<String, Error> {
    let _: u32 = ctx.once("started", || async { Ok(1) }).await?;
    let (name, greeting, roots) = tokio::try_join!(
        ctx.elicit::<Name>("What is your name?")
            .key("user_name")
            .into_future(),
        ctx.sample("Write a greeting.", 50)
            .key("greeting")
            .into_future(),
        ctx.roots().key("client_roots").into_future(),
    )?;
    Ok(format!("{} {} {}", name.name, greeting.text(), roots.len()))
}

/// Ask one thing after the other.
#[mcp_tool]
async fn test_input_required_result_multi_round(ctx: &Context) -> Result<String, Error> {
    let _: u32 = ctx.once("started", || async { Ok(1) }).await?;
    let name = ctx
        .elicit::<Name>("Step 1: What is your name?")
        .key("step1")
        .await?;
    let colour = ctx
        .elicit::<Value>("Step 2: What is your favourite colour?")
        .key("step2")
        .schema(json!({
            "type": "object", "properties": { "color": { "type": "string" } }, "required": ["color"]
        }));
    Ok(format!("{} {}", name.name, colour.await?))
}

/// Carry a state that nobody may change.
#[mcp_tool]
async fn test_input_required_result_tampered_state(ctx: &Context) -> Result<String, Error> {
    test_input_required_result_request_state(ctx).await
}

/// Ask what the client can answer.
#[mcp_tool]
async fn test_input_required_result_capabilities(ctx: &Context) -> Result<String, Error> {
    if ctx.client_capabilities().supports_form_elicitation() {
        return Ok(ctx
            .elicit::<Name>("What is your name?")
            .key("user_name")
            .await?
            .name);
    }
    Ok(ctx
        .sample("Greet the user.", 50)
        .key("greeting")
        .await?
        .text())
}

/// A prompt that asks first.
#[mcp_prompt]
async fn test_input_required_result_prompt(ctx: &Context) -> Result<String, Error> {
    let answer = ctx.elicit::<Value>("What is the context?").key("user_context").schema(json!({
        "type": "object", "properties": { "context": { "type": "string" } }, "required": ["context"]
    }));
    Ok(format!("Context: {}", answer.await?))
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
