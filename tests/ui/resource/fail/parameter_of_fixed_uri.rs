use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://guide")]
async fn page(page: String) -> String {
    page
}

fn main() {}
