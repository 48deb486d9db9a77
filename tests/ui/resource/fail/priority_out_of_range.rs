use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://guide", priority = 2)]
async fn page() -> String {
    String::new()
}

fn main() {}
