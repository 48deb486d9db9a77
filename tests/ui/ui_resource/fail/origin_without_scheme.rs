use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", csp(resource("cdn.example.com")))]
const CARD: &str = "<!doctype html>";

fn main() {}
