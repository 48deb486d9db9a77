use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card")]
const CARD: &[u8] = b"<!doctype html>";

fn main() {}
