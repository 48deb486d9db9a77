use mcp_runtime::{Json, mcp_tool};

const CARD: &str = "<!doctype html>";

/// Does something.
#[mcp_tool(ui = CARD)]
async fn act() -> Json<u32> {
    Json(1)
}

fn main() {}
