use mcp_runtime::mcp_tool;

/// Does something.
#[mcp_tool]
async fn act() -> String {
    let local = std::rc::Rc::new(1);
    std::future::ready(()).await;
    local.to_string()
}

fn main() {}
