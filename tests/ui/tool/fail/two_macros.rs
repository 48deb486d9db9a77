use mcp_runtime::{mcp_prompt, mcp_tool};

/// Does something.
#[mcp_tool]
#[mcp_prompt]
async fn act() -> String {
    String::new()
}

fn main() {}
