use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(range(0..=300))] sides: u8) -> String {
    sides.to_string()
}

fn main() {}
