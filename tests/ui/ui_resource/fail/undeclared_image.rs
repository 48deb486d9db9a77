use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<img src="https://cdn.example.com/die.png" alt="A die">"##;

fn main() {}
