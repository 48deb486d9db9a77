use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(range("1..=10"))] a: u32) {
    let _ = a;
}

fn main() {}
