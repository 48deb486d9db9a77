use mcp_runtime::mcp_prompt;

#[mcp_prompt]
fn greet(name: String) -> String {
    name
}

fn main() {}
