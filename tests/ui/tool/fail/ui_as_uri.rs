use mcp_runtime::{Json, mcp_tool};

/// Does something.
#[mcp_tool(ui = "ui://acme/card")]
async fn act() -> Json<u32> {
    Json(1)
}

fn main() {}
