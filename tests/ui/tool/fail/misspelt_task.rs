use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(task = "requierd")]
async fn act() -> String {
    String::new()
}

fn main() {}
