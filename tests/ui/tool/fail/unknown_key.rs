use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(titel = "Act")]
async fn act() -> String {
    String::new()
}

fn main() {}
