use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(icons("http://example.com/a.png"))]
async fn act() -> String {
    String::new()
}

fn main() {}
