use mcp_runtime::mcp_tool;

struct Dice;

impl Dice {
    /// Does something.
    #[mcp_tool]
    async fn act(&self) -> String {
        String::new()
    }
}

fn main() {}
