//! What tools, resources and prompts may return, and how they may fail.

mod error;
mod prompt;
mod resource;
mod tool;

pub use error::{Error, ToolFailure};
pub use prompt::{IntoPrompt, PromptMessage, PromptResult};
pub use resource::{IntoHtml, IntoResource, ResourceBody};
pub use tool::{Embed, IntoContent, IntoToolResult, Json, ToolResult, UiResult, UiToolResult};

pub(crate) use error::Lane;
