//! wip
pub mod auth;
pub mod extract;
pub mod settings;
#[cfg(feature = "auth")]
mod store;
pub use extract::User;
