use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(above = 255)] a: u8) {
    let _ = a;
}

fn main() {}
