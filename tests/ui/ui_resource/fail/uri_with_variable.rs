use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/{card}")]
const CARD: &str = "<!doctype html>";

fn main() {}
