use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true, csp(connect("https://cdn.example.com")))]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<style>main { background: url(https://cdn.example.com/a.png) }</style>"##;

fn main() {}
