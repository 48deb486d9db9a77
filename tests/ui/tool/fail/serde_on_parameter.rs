use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[serde(default)] sides: u32) {
    let _ = sides;
}

fn main() {}
