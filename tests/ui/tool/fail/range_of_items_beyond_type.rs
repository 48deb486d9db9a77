use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(items(range(0..=300)))] a: Vec<u8>) {
    let _ = a;
}

fn main() {}
