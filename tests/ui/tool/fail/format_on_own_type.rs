use mcp_runtime::{mcp_tool, mcp_type};

#[mcp_type]
struct Address {}

/// Does something.
#[mcp_tool]
async fn act(#[arg(format = "email")] to: Address) -> String {
    drop(to); String::new()
}

fn main() {}
