use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://")]
const CARD: &str = "<!doctype html>";

fn main() {}
