use mcp_runtime::mcp_tool;

struct Opaque;

/// Does something.
#[mcp_tool]
async fn act(shape: Opaque) -> String {
    drop(shape); String::new()
}

fn main() {}
