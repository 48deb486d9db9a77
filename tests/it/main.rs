//! Behaviour of the macros and the runtime, seen from outside. One binary, so that it links once.

mod arguments;
mod asking;
mod contract;
mod extensions;
mod lanes;
mod lists;
mod oauth;
mod open;
mod provided;
mod results;
mod skills;
mod startup;
mod stdio;
mod support;
mod tasks;
mod wire;
