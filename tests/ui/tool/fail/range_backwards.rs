use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(range(6..=2))] sides: u32) -> String {
    sides.to_string()
}

fn main() {}
