use mcp_runtime::mcp_resource;

struct Opaque;

/// A page.
#[mcp_resource(uri = "docs://guide")]
async fn page() -> Opaque {
    Opaque
}

fn main() {}
