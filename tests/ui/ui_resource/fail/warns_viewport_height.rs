#![deny(deprecated)]
use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = include_str!("views/viewport_height.html");

fn main() {}
