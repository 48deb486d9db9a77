use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool(output_schema = "out.json")]
async fn act() {}

fn main() {}
