use mcp_runtime::{Completing, mcp_tool};

async fn words(typing: Completing<'_>) -> Vec<&'static str> {
    typing.filter(["a", "b"])
}

/// Does something.
#[mcp_tool]
async fn act(#[arg(complete = words)] a: String) -> String {
    a
}

fn main() {}
