//! Ways in: HTTP, stdio, and an in-process client for tests. Framing, wires and limits; no tool is known here.

pub(crate) mod http;
mod questions;
pub(crate) mod stdio;
pub(crate) mod testing;
