use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(min = 1)] a: u32) {
    let _ = a;
}

fn main() {}
