use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(timeout = "30 parsecs")]
async fn act() -> String {
    String::new()
}

fn main() {}
