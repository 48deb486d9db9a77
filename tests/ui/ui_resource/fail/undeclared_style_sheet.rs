use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<link rel="stylesheet" href="https://cdn.example.com/card.css">"##;

fn main() {}
