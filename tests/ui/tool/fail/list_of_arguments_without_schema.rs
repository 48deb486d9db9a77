use mcp_runtime::mcp_tool;

struct Opaque;

/// Does something.
#[mcp_tool]
async fn act(shapes: Vec<Opaque>) -> String {
    drop(shapes); String::new()
}

fn main() {}
