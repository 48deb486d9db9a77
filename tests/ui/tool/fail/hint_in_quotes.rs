use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(read_only = "true")]
async fn act() {}

fn main() {}
