//! Tools that run as tasks, for clients that can (`io.modelcontextprotocol/tasks`).

use std::future::IntoFuture as _;
use std::time::Duration;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::input::Name;

/// Greet someone, at once.
#[mcp_tool]
async fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// Compute for a while.
#[mcp_tool(task = "optional", timeout = "5m")]
async fn slow_compute(
    #[arg(range(0..=120))] seconds: f64,
    #[arg(default = "unnamed")] label: String,
    ctx: &Context,
) -> String {
    ctx.progress(0.0, Some(seconds), Some("Computing"));
    sleep(Duration::from_secs_f64(seconds)).await;
    format!("{label}: computed for {seconds} s")
}

/// Work for a second, then fail in words for the model.
#[mcp_tool(task = "required")]
async fn failing_job() -> Result<String, &'static str> {
    sleep(Duration::from_secs(1)).await;
    Err("The job failed, as it always does.")
}

/// Work for a moment, then fail in words for the client.
#[mcp_tool(task = "optional")]
async fn protocol_error_job() -> Result<String, Error> {
    sleep(Duration::from_millis(300)).await;
    Err(Error::protocol(
        -32603,
        "The job broke the protocol, as it always does.",
    ))
}

/// Whether to go on.
#[mcp_type]
struct Consent {
    confirm: bool,
}

/// Delete a file, if the user says so.
#[mcp_tool(task = "required", destructive)]
async fn confirm_delete(filename: String, ctx: &Context) -> Result<String, Error> {
    // Looking for it takes a moment: from here on the call is a task.
    sleep(Duration::from_millis(50)).await;
    let answer = ctx
        .elicit::<Consent>(format!("Delete {filename}?"))
        .key("confirm")
        .await?;
    Ok(match answer.confirm {
        true => format!("{filename} is deleted."),
        false => format!("{filename} stays."),
    })
}

/// Ask two things at once, in the midst of the work.
#[mcp_tool(task = "required")]
async fn multi_input(ctx: &Context) -> Result<String, Error> {
    sleep(Duration::from_millis(50)).await;
    let form =
        |field: &str| json!({ "type": "object", "properties": { field: { "type": "string" } } });
    let (first, second) = tokio::try_join!(
        ctx.elicit::<Value>("What is the first name?")
            .key("first")
            .schema(form("name"))
            .into_future(),
        ctx.elicit::<Value>("What is the second name?")
            .key("second")
            .schema(form("name"))
            .into_future(),
    )?;
    Ok(format!("{} and {}", first["name"], second["name"]))
}

/// Ask for a name, then greet it after some work.
#[mcp_tool(task = "required")]
async fn test_tool_with_task(ctx: &Context) -> Result<String, Error> {
    let answer = ctx
        .elicit::<Name>("What is your name?")
        .key("user_name")
        .await?;
    sleep(Duration::from_millis(200)).await;
    Ok(format!("Hello, {}!", answer.name))
}
