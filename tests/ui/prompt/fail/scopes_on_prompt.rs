use mcp_runtime::mcp_prompt;

/// Greets.
#[mcp_prompt(scopes("read"))]
fn greet() -> String {
    String::new()
}

fn main() {}
