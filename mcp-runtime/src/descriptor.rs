//! What the macros write down: static descriptions of tools, resources, prompts and views.
//!
//! Everything here is `const` and can be written by hand; the macros only save the typing.

mod bridge;
mod param;
mod prompt;
mod resource;
mod tool;
mod ui_resource;

pub(crate) use bridge::with_value;
pub use futures_util::future::BoxFuture;
pub use param::{Param, ParamDefault, Provided};
pub use prompt::PromptDescriptor;
pub use resource::{ResourceDescriptor, Uri};
pub use tool::ToolDescriptor;
pub use ui_resource::{Csp, Html, Permissions, UiResourceDescriptor};

use crate::extract::Call;
use crate::result::{Error, PromptResult, ResourceBody, ToolResult};

/// Runs a tool on one call.
pub type ToolCall = for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<ToolResult, Error>>;
/// Reads a resource for one call.
pub type ResourceCall = for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<ResourceBody, Error>>;
/// Renders a prompt for one call.
pub type PromptCall = for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<PromptResult, Error>>;
/// Renders a view for one call.
pub type HtmlCall = for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<String, Error>>;

/// Anything that a server can serve.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Item {
    /// A tool.
    Tool(&'static ToolDescriptor),
    /// A resource or a resource template.
    Resource(&'static ResourceDescriptor),
    /// A prompt.
    Prompt(&'static PromptDescriptor),
    /// A view that a host renders (MCP Apps).
    UiResource(&'static UiResourceDescriptor),
}

impl Item {
    /// Where it is written.
    pub const fn place(&self) -> &'static Place {
        match self {
            Self::Tool(d) => &d.place,
            Self::Resource(d) => &d.place,
            Self::Prompt(d) => &d.place,
            Self::UiResource(d) => &d.place,
        }
    }

    /// The programmatic name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tool(d) => d.name,
            Self::Resource(d) => d.name,
            Self::Prompt(d) => d.name,
            Self::UiResource(d) => d.name,
        }
    }

    /// What the server provides to it.
    pub(crate) const fn provided(&self) -> &'static [&'static Provided] {
        match self {
            Self::Tool(d) => d.provided,
            Self::Resource(d) => d.provided,
            Self::Prompt(d) => d.provided,
            Self::UiResource(d) => d.provided,
        }
    }

    /// Whether it takes `&T`.
    pub(crate) fn takes<T: 'static>(&self) -> bool {
        let key = std::any::TypeId::of::<std::sync::Arc<T>>();
        self.provided().iter().any(|p| (p.key)() == key)
    }

    /// The word for its kind, for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Resource(_) => "resource",
            Self::Prompt(_) => "prompt",
            Self::UiResource(_) => "ui resource",
        }
    }
}

/// An annotated function or const, by its Rust path: `tools![roll_dice]` goes by it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tool, resource, prompt or ui resource",
    note = "annotate the function or const with #[mcp_tool], #[mcp_resource], #[mcp_prompt] or #[mcp_ui_resource]"
)]
pub trait McpItem {
    /// Its description.
    const ITEM: Item;
}

/// An annotated view, by its Rust path: `ui = GREETING_CARD` goes by it.
#[diagnostic::on_unimplemented(
    message = "`ui =` names something that is no ui resource",
    label = "not annotated with #[mcp_ui_resource]",
    note = "annotate the const or function that holds the HTML with #[mcp_ui_resource(uri = \"ui://…\")]"
)]
pub trait UiItem: McpItem {
    /// Its description.
    const UI: &'static UiResourceDescriptor;
}

/// Where an item is written: sorts the lists and names both sides of a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The package.
    pub package: &'static str,
    /// The source file, relative to the workspace.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The package's version.
    pub version: &'static str,
    /// The package's directory at compile time.
    pub directory: &'static str,
}

impl Place {
    /// A place; the macros fill it by `env!`, `file!`, `line!` and `column!`.
    pub const fn new(
        package: &'static str,
        version: &'static str,
        directory: &'static str,
        file: &'static str,
        line: u32,
        column: u32,
    ) -> Self {
        Self {
            package,
            file,
            line,
            column,
            version,
            directory,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A picture for an item.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Icon {
    /// An `https:` or `data:` url.
    pub src: &'static str,
    /// The media type.
    pub mime_type: Option<&'static str>,
    /// Sizes such as `48x48`, or `any`.
    pub sizes: &'static [&'static str],
    /// `light` or `dark`: the background that it is made for.
    pub theme: Option<&'static str>,
}

impl Icon {
    /// A picture at this url.
    pub const fn new(src: &'static str) -> Self {
        Self {
            src,
            mime_type: None,
            sizes: &[],
            theme: None,
        }
    }

    /// The same picture with a media type.
    #[must_use]
    pub const fn mime_type(mut self, mime_type: &'static str) -> Self {
        self.mime_type = Some(mime_type);
        self
    }

    /// The same picture for a `light` or a `dark` background.
    #[must_use]
    pub const fn theme(mut self, theme: &'static str) -> Self {
        self.theme = Some(theme);
        self
    }

    /// The same picture with its sizes.
    #[must_use]
    pub const fn sizes(mut self, sizes: &'static [&'static str]) -> Self {
        self.sizes = sizes;
        self
    }
}

/// Who sees a tool of an MCP App.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The model.
    Model,
    /// The view in the host.
    App,
}

/// Whether a tool runs as a task (`io.modelcontextprotocol/tasks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskSupport {
    /// Never.
    Forbidden,
    /// For clients that can; an ordinary call for the others.
    Optional,
    /// For clients that can; the others are refused.
    Required,
}

/// Hints about a tool's behaviour; `None` is the specification's default.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Hints {
    /// It changes nothing.
    pub read_only: Option<bool>,
    /// It may destroy.
    pub destructive: Option<bool>,
    /// Repeating it changes nothing more.
    pub idempotent: Option<bool>,
    /// It reaches out into an open world.
    pub open_world: Option<bool>,
}

/// Defines a const builder method that sets one field.
macro_rules! set {
    ($(#[$doc:meta])* $method:ident: $ty:ty => $field:ident = $value:expr) => {
        $(#[$doc])*
        #[must_use]
        pub const fn $method(mut self, $method: $ty) -> Self {
            self.$field = $value;
            self
        }
    };
}
use set;
