//! What a tool may ask for.
mod user;
pub use user::User;
