#![deny(deprecated)]
use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<meta http-equiv="refresh" content="5">"##;

fn main() {}
