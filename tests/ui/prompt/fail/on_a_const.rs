use mcp_runtime::mcp_prompt;

/// Greets.
#[mcp_prompt]
const GREETING: &str = "Hello";

fn main() {}
