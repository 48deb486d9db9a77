use mcp_runtime::mcp_tool;

struct Opaque;

/// Does something.
#[mcp_tool]
async fn act() -> Result<Opaque, String> {
    Ok(Opaque)
}

fn main() {}
