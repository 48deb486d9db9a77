//! Which items a server serves: all of its package, an explicit list, or a dependency's.

use crate::__private::Registered;
use crate::descriptor::Item;

/// A list of items, made by [`tools!`](crate::tools) or [`package_items!`](crate::package_items).
#[derive(Debug, Clone, Default)]
pub struct Items(pub(crate) Vec<Item>);

impl Items {
    /// These items in this order.
    pub fn of(items: &[Item]) -> Self {
        Self(items.to_vec())
    }

    /// The items in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.0.iter()
    }

    /// Every annotated item of a package that is linked in, sorted by place, so that the order is the same
    /// in every build profile.
    pub fn of_package(package: &str) -> Self {
        let mut items: Vec<Item> = inventory::iter::<Registered>()
            .map(|r| r.0)
            .filter(|i| i.place().package == package)
            .collect();
        // Items of one `macro_rules!` call share their place: the name decides.
        items.sort_by_key(|i| (*i.place(), i.name()));
        Self(items)
    }
}

/// Builds a list of items by their Rust paths: `tools![roll_dice, cards::greeting_card, GREETING_CARD]`.
///
/// A server with an explicit list serves nothing else, so that several servers can live in one process.
/// The same path twice does not compile.
#[macro_export]
macro_rules! tools {
    ($($item:path),* $(,)?) => {{
        const ITEMS: &[$crate::__private::Item] = &[$(<$item as $crate::__private::McpItem>::ITEM),*];
        const _: () = $crate::__private::assert_distinct(ITEMS);
        $crate::Items::of(ITEMS)
    }};
}

/// Every annotated item of the package in which it is written. A library offers its own by
/// `pub fn tools() -> mcp_runtime::Items { mcp_runtime::package_items!() }`, and a server takes them by
/// `.with(library::tools())`.
#[macro_export]
macro_rules! package_items {
    () => {
        $crate::Items::of_package(env!("CARGO_PKG_NAME"))
    };
}
