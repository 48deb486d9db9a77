use mcp_runtime::mcp_tool;

struct Opaque;

/// Does something.
#[mcp_tool]
async fn act() -> Result<String, Opaque> {
    Err(Opaque)
}

fn main() {}
