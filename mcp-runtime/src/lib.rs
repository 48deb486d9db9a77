//! wip
pub mod extract;
pub mod settings;
#[cfg(feature = "auth")]
pub mod store;
#[cfg(feature = "auth")]
pub mod auth;
pub use extract::User;
