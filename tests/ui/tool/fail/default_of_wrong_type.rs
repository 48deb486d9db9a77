use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(default = "six")] sides: u32) -> String {
    sides.to_string()
}

fn main() {}
