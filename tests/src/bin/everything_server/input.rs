//! Tools and a prompt that ask back while they run.

use std::future::IntoFuture as _;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

/// A name.
#[mcp_type]
pub(crate) struct Name {
    pub(crate) name: String,
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

/// Send the user to a page.
#[mcp_tool]
async fn test_elicitation_url(ctx: &Context) -> Result<String, Error> {
    let went = ctx
        .elicit_url(
            "page",
            "Please look at this page.",
            "https://example.com/page",
        )
        .await?;
    Ok(if went {
        "The user went."
    } else {
        "The user stayed."
    }
    .into())
}

/// Wait for a long while.
#[mcp_tool]
async fn test_slow() -> &'static str {
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    "done"
}
