use mcp_runtime::mcp_tool;

const MAX: u32 = 6;

/// Does something.
#[mcp_tool]
async fn act(#[arg(range(1..=MAX))] sides: u32) -> String {
    sides.to_string()
}

fn main() {}
