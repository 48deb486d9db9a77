//! What generated code names. No part of the public interface.

pub use futures_util::future::BoxFuture;
pub use schemars;
pub use serde;
pub use serde_json::{self, Value};

pub use crate::descriptor::*;
pub use crate::extract::*;
pub use crate::protocol::Role;
pub use crate::result::*;

/// One item that registered itself at link time.
#[derive(Debug)]
pub struct Registered(pub Item);
inventory::collect!(Registered);
pub use inventory;

/// Registers an item at link time.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit {
    ($item:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::Registered($item) }
    };
}
pub use crate::__submit as submit;

/// The place of its call.
#[doc(hidden)]
#[macro_export]
macro_rules! __place {
    () => {
        $crate::__private::Place::new(
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_MANIFEST_DIR"),
            file!(),
            line!(),
            column!(),
        )
    };
}
pub use crate::__place as place;

/// Compiles only if a view can show what the tool returns.
pub const fn assert_ui_result<T: UiToolResult>() {}
