use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(meta(cost = 5))]
async fn act() {}

fn main() {}
