use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<audio src="https://cdn.example.com/roll.mp3"></audio>"##;

fn main() {}
