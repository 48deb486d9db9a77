use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(rename = "sides")] count: u32, sides: u32) -> String {
    format!("{count} {sides}")
}

fn main() {}
