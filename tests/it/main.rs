//! Behaviour of the macros and the runtime, seen from outside. One binary, so that it links once.

mod arguments;
mod asking;
mod completion;
mod contract;
mod doctor;
mod extensions;
mod lanes;
mod lists;
mod oauth;
mod open;
mod pages;
mod post;
mod provided;
mod replicas;
mod results;
mod resumption;
mod skills;
mod startup;
mod stdio;
mod stream;
mod subscriptions;
mod support;
mod tasks;
mod views;
mod wire;
