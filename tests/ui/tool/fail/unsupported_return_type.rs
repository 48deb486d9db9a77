use mcp_runtime::mcp_tool;

struct Opaque;

/// Does something.
#[mcp_tool]
async fn act() -> Opaque {
    Opaque
}

fn main() {}
