use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge, allow(target_blanc))]
const CARD: &str = "<!doctype html>";

fn main() {}
