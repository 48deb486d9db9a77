use mcp_runtime::mcp_type;

/// A seat.
#[mcp_type]
struct Seat {
    #[arg(range(1..=9))]
    row: u32,
}

fn main() {}
