use mcp_runtime::{mcp_tool, mcp_type};

#[mcp_type]
struct Point {
    x: u32,
}

/// Does something.
#[mcp_tool]
async fn act(#[arg(length(1..=6))] point: Point) -> String {
    drop(point); String::new()
}

fn main() {}
