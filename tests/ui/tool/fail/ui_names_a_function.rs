use mcp_runtime::{Json, mcp_tool};

/// Something else.
#[mcp_tool]
async fn other() -> String {
    String::new()
}

/// Does something.
#[mcp_tool(ui = other)]
async fn act() -> Json<u32> {
    Json(1)
}

fn main() {}
