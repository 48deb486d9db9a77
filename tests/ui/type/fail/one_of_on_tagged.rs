use mcp_runtime::mcp_type;

/// A seat.
#[mcp_type(one_of)]
enum Seat {
    Row(u32),
    Box(u32),
}

fn main() {}
