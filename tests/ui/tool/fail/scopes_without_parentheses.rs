use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(scopes = ["dice:roll"])]
async fn act() -> String {
    String::new()
}

fn main() {}
