//! wip
pub mod descriptor;
mod extract;
pub mod protocol;
mod result;
mod schema;
pub mod settings;

#[cfg(feature = "auth")]
pub mod auth;
#[cfg(feature = "auth")]
pub mod store;

pub use extract::{ArgumentType, Context, User};
pub use mcp_macros::*;
pub use protocol::{
    Annotations, Audio, Content, EmbeddedResource, Image, LogLevel, ResourceContents, ResourceLink,
    Role,
};
pub use result::{
    Embed, Error, IntoPrompt, IntoResource, IntoToolResult, Json, PromptMessage, ToolFailure,
    ToolResult, UiResult,
};
pub use schema::Nullable;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
