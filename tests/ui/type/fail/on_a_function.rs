use mcp_runtime::mcp_type;

#[mcp_type]
fn act() {}

fn main() {}
