#![deny(deprecated)]
use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card")]
const CARD: &str = r##"<!doctype html>
<title>Card</title>
<script>
post({ method: "ui/initialize", params: { clientInfo: {} } });
notify("ui/notifications/initialized");
</script>"##;

fn main() {}
