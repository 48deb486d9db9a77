use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(title = Act)]
async fn act() -> String {
    String::new()
}

fn main() {}
