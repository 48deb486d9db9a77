use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(scopes("dice:roll dice:read"))]
async fn act() -> String {
    String::new()
}

fn main() {}
