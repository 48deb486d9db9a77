use mcp_runtime::mcp_tool;

#[mcp_tool]
async fn roll_dice(sides: u32) -> String {
    sides.to_string()
}

fn main() {}
