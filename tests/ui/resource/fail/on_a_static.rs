use mcp_runtime::mcp_resource;

/// A page.
#[mcp_resource(uri = "docs://page")]
static PAGE: &str = "Read me.";

fn main() {}
