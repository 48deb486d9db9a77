//! Each way to write a view.
#![deny(warnings)]

use mcp_runtime::{User, mcp_ui_resource};

/// A card.
#[mcp_ui_resource(
    uri = "ui://acme/card",
    title = "Card",
    csp(
        connect("https://api.example.com", "wss://live.example.com:8443"),
        resource("https://cdn.example.com"),
        frame("https://video.example.com"),
        base_uri("https://cdn.example.com")
    ),
    permissions(camera, clipboard_write),
    domain = "acme.example.com",
    prefers_border = false,
    bridge = true,
    versioned,
    ttl = "1h"
)]
pub const CARD: &str = r#"<!doctype html>
<base href="https://cdn.example.com/v1/">
<link rel="stylesheet" href="card.css">
<iframe src="https://video.example.com/1"></iframe>
<script>
  fetch("https://api.example.com/rolls");
  new WebSocket("wss://live.example.com:8443/rolls");
</script>"#;

/// A card out of a file, as bytes.
#[mcp_ui_resource(uri = "ui://acme/file", bridge = true, blob = true)]
pub const FILE: &str = include_str!("file.html");

/// A card out of pieces.
#[mcp_ui_resource(uri = "ui://acme/pieces", bridge)]
pub const PIECES: &str = concat!("<!doctype html>", "<title>Pieces</title>");

/// A page whose author knows better.
#[mcp_ui_resource(
    uri = "ui://acme/allowed",
    csp(connect("https://unused.example.com")),
    allow(
        view_without_handshake,
        undeclared_request,
        data_font,
        blob_worker,
        eval,
        storage,
        cookie,
        dialog,
        window_open,
        target_blank,
        form_submission,
        outer_page,
        navigation,
        http_equiv,
        unknown_variable,
        viewport_height,
        unused_origin
    )
)]
pub const ALLOWED: &str = r#"<!doctype html>
<style>
  @font-face { font-family: A; src: url(data:font/woff2;base64,AA) }
  main { height: 100vh; color: var(--ink) }
</style>
<meta http-equiv="refresh" content="60">
<a href="https://example.com" target="_blank">More</a>
<form action="https://example.com"></form>
<script>
  new Worker(URL.createObjectURL(code));
  eval(code);
  if (parent.document) location.href = "https://example.com";
  localStorage.seen = document.cookie;
  if (confirm("?")) window.open("https://example.com");
  fetch("https://api.example.com");
</script>"#;

/// A page that begins to shake hands, and names itself as no view does.
#[mcp_ui_resource(
    uri = "ui://acme/half_shaken",
    allow(unfinished_handshake, handshake_with_client_info)
)]
pub const HALF_SHAKEN: &str = r#"<!doctype html>
<script>post({ method: "ui/initialize", params: { clientInfo: {} } });</script>"#;

/// A card with a name on it.
#[mcp_ui_resource(uri = "ui://acme/rendered", bridge, ttl = "1m")]
pub async fn rendered(user: &User) -> String {
    format!("<!doctype html>{user}")
}
