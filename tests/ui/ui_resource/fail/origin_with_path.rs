use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", csp(connect("https://api.example.com/v1")))]
const CARD: &str = "<!doctype html>";

fn main() {}
