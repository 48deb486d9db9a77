//! What happens between requests: lists change, resources change, a client hangs up and comes back.

use std::time::Duration;

use mcp_runtime::prelude::*;
use mcp_runtime::{Items, ServerHandle};

/// What the triggers below bring in and out.
pub(crate) fn hidden_at_first() -> Items {
    tools![test_sometimes_there, test_prompt_sometimes_there]
}

/// Be there at some times only.
#[mcp_tool]
async fn test_sometimes_there() -> &'static str {
    "here"
}

/// A prompt that is there at some times only.
#[mcp_prompt]
async fn test_prompt_sometimes_there() -> &'static str {
    "here"
}

/// Brings the items in, or takes them out where they are there.
fn toggle(server: &ServerHandle, items: &Items) -> Result<&'static str, Error> {
    if server.is_enabled(items) {
        server.disable(items.clone())?;
        Ok("removed")
    } else {
        server.enable(items.clone())?;
        Ok("added")
    }
}

/// Change the list of tools.
#[mcp_tool]
async fn test_trigger_tool_change(server: &ServerHandle) -> Result<&'static str, Error> {
    toggle(server, &tools![test_sometimes_there])
}

/// Change the list of prompts.
#[mcp_tool]
async fn test_trigger_prompt_change(server: &ServerHandle) -> Result<&'static str, Error> {
    toggle(server, &tools![test_prompt_sometimes_there])
}

/// Say that the watched resource has changed.
#[mcp_tool]
async fn test_trigger_resource_update(server: &ServerHandle) -> &'static str {
    server.resource_updated("test://watched-resource");
    "updated"
}

/// Let the client hang up, and answer when it is back.
#[mcp_tool]
async fn test_reconnection(ctx: &Context) -> &'static str {
    ctx.let_client_poll();
    tokio::time::sleep(Duration::from_millis(300)).await;
    "The client has come back."
}
