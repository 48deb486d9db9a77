use mcp_runtime::mcp_type;

/// A seat.
#[mcp_type(deny_unknown_fields)]
struct Seat {
    row: u32,
}

fn main() {}
