//! What stands behind `#[arg(default = …)]`.

use serde::Serialize;
use serde_json::Value;

use crate::schema::Nullable;

/// A type whose JSON may be `null`: what `default = null` can be put on.
#[diagnostic::on_unimplemented(
    message = "only an optional argument can be null, and `{Self}` is not",
    label = "this is its default",
    note = "take `Option<{Self}>`"
)]
pub trait Nullish {
    /// The value.
    fn null() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T> Nullish for Option<T> {
    fn null() -> Self {
        None
    }
}
#[diagnostic::do_not_recommend]
impl<T> Nullish for Nullable<T> {
    fn null() -> Self {
        Self(None)
    }
}
#[diagnostic::do_not_recommend]
impl Nullish for Value {
    fn null() -> Self {
        Self::Null
    }
}

/// A computed default, which goes into the published schema: every `Serialize` type can be one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot have a computed default",
    label = "the schema publishes this value as JSON",
    note = "derive `{Self}` with #[mcp_type], or with serde's `Serialize`"
)]
pub trait Published {
    /// The value as JSON.
    fn publish(self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Published for T {
    fn publish(self) -> Value {
        // What cannot be JSON (a map with keys that are no strings) is no default that a client could use.
        serde_json::to_value(self).unwrap_or_default()
    }
}
