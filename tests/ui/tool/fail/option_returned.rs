use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act() -> Option<String> {
    None
}

fn main() {}
