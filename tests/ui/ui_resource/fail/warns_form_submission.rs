#![deny(deprecated)]
use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<form id="roll"><button>Roll</button></form>
<script>document.getElementById("roll").addEventListener("submit", roll);</script>"##;

fn main() {}
