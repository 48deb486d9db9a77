use mcp_runtime::mcp_tool;

/// A dice.
#[mcp_tool]
struct Dice {
    sides: u32,
}

fn main() {}
