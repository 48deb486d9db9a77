use mcp_runtime::mcp_tool;

// Does something.
#[mcp_tool]
async fn act() {}

fn main() {}
