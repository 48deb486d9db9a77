//! Items go by their Rust path, behind `cfg`, in modules, in functions and out of `macro_rules!`.
#![deny(warnings)]

mod views {
    use mcp_runtime::mcp_ui_resource;

    /// A card.
    #[mcp_ui_resource(uri = "ui://acme/card", bridge = true)]
    pub(crate) const CARD: &str = "<!doctype html>";
}

mod tools {
    use mcp_runtime::{Json, mcp_tool};

    use super::views;

    /// Show the card.
    #[mcp_tool(ui = views::CARD, visibility(model, app))]
    pub(crate) async fn show() -> Json<u32> {
        Json(1)
    }

    /// Not on this machine.
    #[cfg(any())]
    #[mcp_tool]
    async fn show() -> Missing {}
}

macro_rules! tool {
    ($name:ident($($param:ident: $ty:ty),*)) => {
        /// Made by a macro.
        #[mcp_runtime::mcp_tool]
        async fn $name($($param: $ty),*) -> String {
            format!("{:?}", ($($param,)*))
        }
    };
}

tool!(first(text: &str, count: Option<u32>));
tool!(second(count: u32));

const LINE_OF_OLD: u32 = line!() + 5;

/// Old, yet served.
#[mcp_runtime::mcp_tool]
#[deprecated]
pub async fn old() -> String {
    String::new()
}

/// Calls them as the functions that they are.
pub fn main() {
    use mcp_runtime::mcp_tool;

    /// Within a function.
    #[mcp_tool]
    async fn local() -> String {
        String::new()
    }
    drop((local(), first("a", None), second(1), tools::show()));
    assert!(!views::CARD.is_empty());

    // An item is where its name is, not where its attribute is.
    let place = <old as mcp_runtime::descriptor::McpItem>::ITEM.place();
    assert_eq!((place.line, place.column), (LINE_OF_OLD, 14));
}
