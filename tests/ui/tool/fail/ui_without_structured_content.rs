use mcp_runtime::{mcp_tool, mcp_ui_resource};

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = "<!doctype html>";

/// Does something.
#[mcp_tool(ui = CARD)]
async fn act() -> String {
    String::new()
}

fn main() {}
