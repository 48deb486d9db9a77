use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(text: &str) -> &str {
    text
}

fn main() {}
