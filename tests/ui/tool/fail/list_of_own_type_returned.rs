use mcp_runtime::{mcp_tool, mcp_type};

/// A point.
#[mcp_type]
struct Point {
    x: f64,
}

/// Does something.
#[mcp_tool]
async fn act() -> Vec<Point> {
    vec![Point { x: 1.0 }]
}

fn main() {}
