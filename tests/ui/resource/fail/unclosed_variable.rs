use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://{page")]
async fn page(page: String) -> String {
    page
}

fn main() {}
