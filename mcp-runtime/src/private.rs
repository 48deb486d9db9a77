//! What generated code names. No part of the public interface.

pub use futures_util::future::BoxFuture;
pub use schemars;
pub use serde;
pub use serde_json::{self, Value};

#[cfg(feature = "contract")]
pub use crate::assertion::{assert_package, assert_server};
pub use crate::descriptor::*;
pub use crate::extract::*;
pub use crate::protocol::Role;
pub use crate::result::*;
pub use crate::schema::{keywords, one_of, share};

/// The schema of a type, for the definitions of a tool.
pub fn definition<T: schemars::JsonSchema>(
    generator: &mut schemars::SchemaGenerator,
) -> schemars::Schema {
    generator.subschema_for::<T>()
}

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

/// What `ui =` finds in place of a type where it names something that is none.
pub mod not_a_view {
    /// No view.
    #[derive(Debug)]
    pub enum __McpView {}
}

/// Compiles only if a view can show what the tool returns.
pub const fn assert_ui_result<T: UiToolResult>() {}

/// Does not compile if an item is there twice.
pub const fn assert_distinct(items: &[Item]) {
    let mut i = 0;
    while i < items.len() {
        let mut j = i + 1;
        while j < items.len() {
            assert!(
                !same(&items[i], &items[j]),
                "an item is in the list twice: remove one of them"
            );
            j += 1;
        }
        i += 1;
    }
}

/// Whether two items have one kind and one name; `==` on strings is not `const`.
const fn same(a: &Item, b: &Item) -> bool {
    let (x, y) = (a.kind().as_bytes(), b.kind().as_bytes());
    equal(x, y) && equal(a.name().as_bytes(), b.name().as_bytes())
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
