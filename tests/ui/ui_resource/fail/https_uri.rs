use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "https://acme.test/card")]
const CARD: &str = "<!doctype html>";

fn main() {}
