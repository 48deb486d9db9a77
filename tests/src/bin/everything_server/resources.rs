//! Resources and a template.

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use super::PNG;

/// A fixed text.
#[mcp_resource(uri = "test://static-text", mime_type = "text/plain")]
async fn static_text() -> &'static str {
    "This is the content of the static text resource."
}

/// A fixed picture.
#[mcp_resource(uri = "test://static-binary", mime_type = "image/png")]
async fn static_binary() -> &'static [u8] {
    PNG
}

/// A family of records.
#[mcp_resource(uri = "test://template/{id}/data", mime_type = "application/json")]
async fn template(id: String) -> Json<Value> {
    Json(json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }))
}

/// A resource that changes.
#[mcp_resource(uri = "test://watched-resource", mime_type = "text/plain")]
async fn watched() -> &'static str {
    "watched"
}
