#![deny(deprecated)]
use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<script>location.href = "https://acme.example.com/rolls";</script>"##;

fn main() {}
