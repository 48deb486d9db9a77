use mcp_runtime::{mcp_tool, tools};

/// Does something.
#[mcp_tool]
async fn act() {}

fn items() -> mcp_runtime::Items {
    tools![act, act]
}

fn main() {}
