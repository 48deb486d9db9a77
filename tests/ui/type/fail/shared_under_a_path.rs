use mcp_runtime::mcp_type;

/// A seat.
#[mcp_type(shared = "a/b")]
struct Seat {
    row: u32,
}

fn main() {}
