use mcp_runtime::mcp_resource;

/// A number.
#[mcp_resource(uri = "docs://number")]
const NUMBER: u32 = 6;

fn main() {}
