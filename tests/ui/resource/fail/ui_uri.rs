use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "ui://acme/card")]
async fn page() -> String {
    String::new()
}

fn main() {}
