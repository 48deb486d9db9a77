//! Each way to write a view.
#![deny(warnings)]

use mcp_runtime::{User, mcp_ui_resource};

/// A card.
#[mcp_ui_resource(
    uri = "ui://acme/card",
    title = "Card",
    csp(
        connect("https://api.example.com"),
        resource("https://cdn.example.com", "wss://live.example.com:8443")
    ),
    permissions(camera, clipboard_write),
    domain = "acme.example.com",
    prefers_border = false
)]
pub const CARD: &str = "<!doctype html>";

/// A card with a name on it.
#[mcp_ui_resource(uri = "ui://acme/rendered")]
pub async fn rendered(user: &User) -> String {
    format!("<!doctype html>{user}")
}
