use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(name = "roll dice")]
async fn act() -> String {
    String::new()
}

fn main() {}
