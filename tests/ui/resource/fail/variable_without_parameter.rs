use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://{page}")]
async fn page() -> String {
    String::new()
}

fn main() {}
