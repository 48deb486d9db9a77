use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(uri = "docs://a")]
async fn act() -> String {
    String::new()
}

fn main() {}
