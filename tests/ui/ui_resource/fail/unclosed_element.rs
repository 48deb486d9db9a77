use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<style>p { color: red }"##;

fn main() {}
