use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(visibility(modle))]
async fn act() -> String {
    String::new()
}

fn main() {}
