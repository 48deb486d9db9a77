use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(#[arg(above = 0, range(0..=9))] a: f64) {
    let _ = a;
}

fn main() {}
