use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://{page}")]
async fn page(page: String, language: String) -> String {
    page + &language
}

fn main() {}
