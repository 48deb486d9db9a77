use mcp_runtime::mcp_type;
use serde::Serialize;

#[mcp_type]
#[derive(Debug, Serialize)]
struct Point {
    x: u32,
}

fn main() {}
