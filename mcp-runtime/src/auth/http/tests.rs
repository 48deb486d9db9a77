//! The whole flow, through the routes, as browsers and programs take it. Names say the item of the acceptance list.

mod access_tokens;
mod flow;
mod login;
mod tokens;
mod world;
