use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act(state: &mut Vec<u8>) -> String {
    state.push(1); String::new()
}

fn main() {}
