use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true, csp(
    connect("https://*.example.com", "*", "data:"),
    resource("'self'", "https://a.example.com; script-src *"),
    frame("https://a.example.com https://b.example.com"),
))]
const CARD: &str = "<!doctype html>";

fn main() {}
