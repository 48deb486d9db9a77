use mcp_runtime::mcp_type;

/// A seat.
#[mcp_type]
struct Seat {
    #[field(rage(1..=9))]
    row: u32,
}

fn main() {}
