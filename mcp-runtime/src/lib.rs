#![doc = include_str!("../README.md")]

#[cfg(feature = "contract")]
mod assertion;
pub mod auth;
#[cfg(feature = "contract")]
mod contract;
pub mod descriptor;
mod dispatch;
mod extract;
pub mod protocol;
mod registry;
mod result;
mod schema;
mod server;
pub mod settings;
#[cfg(feature = "auth")]
mod store;
mod transport;

#[cfg(feature = "cli")]
mod cli;

pub use auth::Auth;
pub use dispatch::{ServerHandle, TaskOptions};
pub use extract::{
    Argument, ArgumentType, Arguments, Call, Completing, Completions, Context, Elicit, Root, Roots,
    Sample, Sampled, User,
};
pub use protocol::{
    Annotations, Audio, Content, EmbeddedResource, Image, LogLevel, ResourceContents, ResourceLink,
    Role,
};
pub use registry::{Items, Skills};
pub use result::{
    Embed, Error, IntoContent, IntoPrompt, IntoResource, IntoToolResult, Json, PromptMessage,
    ToolFailure, ToolResult, UiResult,
};
pub use schema::{Integer, Nullable, Object};
pub use server::{Package, Server};
pub use settings::Settings;
pub use transport::http::{Mount, Running};

/// Turns a function into a prompt.
pub use mcp_macros::mcp_prompt;
/// Turns a function or a const into a resource or a resource template.
pub use mcp_macros::mcp_resource;
/// Turns a function into a tool.
pub use mcp_macros::mcp_tool;
/// Derives what a type needs to be an argument or a structured result.
pub use mcp_macros::mcp_type;
/// Turns HTML into a view that a host renders in the chat.
pub use mcp_macros::mcp_ui_resource;

/// A result whose failure is in one of the four lanes of [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// For tests of one's own server.
pub mod testing {
    #[cfg(feature = "contract")]
    #[doc(inline)]
    pub use crate::__assert_contract as assert_contract;
    pub use crate::transport::testing::{TestClient, ToolAnswer};
}

/// Asserts that what is offered is what `mcp.lock.json` beside `Cargo.toml` says; the message is a diff that says what
/// each change means to callers. `MCP_BLESS=1 cargo test` accepts what is there.
///
/// `assert_contract!(server)` looks at a whole server, `assert_contract!()` at the annotated items of the package in
/// which it is written; put it where they are linked in.
///
/// ```no_run,test_harness
/// use mcp_runtime::prelude::*;
///
/// /// Counts the books.
/// #[mcp_tool]
/// async fn count_books() -> u32 { 42 }
///
/// fn server() -> mcp_runtime::Server {
///     mcp_server!("Library")
/// }
///
/// #[test]
/// fn the_contract_holds() {
///     mcp_runtime::testing::assert_contract!(server());
/// }
/// ```
#[cfg(feature = "contract")]
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_contract {
    () => {
        $crate::__private::assert_package($crate::Package {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            directory: env!("CARGO_MANIFEST_DIR"),
        })
    };
    ($server:expr) => {
        $crate::__private::assert_server($server)
    };
}

/// All that a server's source usually needs.
pub mod prelude {
    pub use crate::{
        Audio, Auth, Content, Context, Embed, EmbeddedResource, Error, Image, Integer, Json,
        LogLevel, Nullable, Object, PromptMessage, ResourceContents, ResourceLink, ToolFailure,
        ToolResult, UiResult, User, mcp_prompt, mcp_resource, mcp_server, mcp_tool, mcp_type,
        mcp_ui_resource, tools,
    };
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

// The Rust blocks of the repository's README and guides are run with the documentation's own.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[doc = include_str!("../../docs/writing-tools.md")]
    mod writing_tools {}
    #[doc = include_str!("../../docs/skills.md")]
    mod skills {}
    #[doc = include_str!("../../docs/views.md")]
    mod views {}
    #[doc = include_str!("../../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../../docs/authorization.md")]
    mod authorization {}
    #[doc = include_str!("../../docs/schemas-in-ci.md")]
    mod schemas_in_ci {}
    #[doc = include_str!("../../docs/production.md")]
    mod production {}
}
