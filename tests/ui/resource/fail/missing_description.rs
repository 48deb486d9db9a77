use mcp_runtime::mcp_resource;

#[mcp_resource(uri = "docs://guide")]
const GUIDE: &str = "Read me.";

fn main() {}
