use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(read_only, destructive)]
async fn act() -> String {
    String::new()
}

fn main() {}
