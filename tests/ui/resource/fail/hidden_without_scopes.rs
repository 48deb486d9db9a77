use mcp_runtime::mcp_resource;

/// A guide.
#[mcp_resource(uri = "docs://guide", hidden)]
const GUIDE: &str = "Read me.";

fn main() {}
