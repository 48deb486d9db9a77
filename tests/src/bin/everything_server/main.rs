//! The fixture of the official conformance suite, written as a user would write it.
//!
//! `PORT=3900 cargo run -p mcp-tests --bin everything_server`: no authentication, both wires on `/mcp`.
//! Items are listed by file and line: what the suite calls first stands in `content.rs`.

mod changes;
mod content;
mod input;
mod prompts;
mod resources;
mod tasks;

use mcp_runtime::prelude::*;

/// A red pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T', 8,
    0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E',
    b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];
#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    mcp_server!("everything")
        .skills("skills")
        .disabled(changes::hidden_at_first())
        .auth(Auth::none())
        .run()
        .await
}
