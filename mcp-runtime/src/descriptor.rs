//! What the macros write down: static descriptions of tools, resources, prompts and views.
//!
//! Everything here is `const` and can be written by hand; the macros only save the typing.

use std::any::TypeId;
use std::sync::Arc;

pub use futures_util::future::BoxFuture;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::extract::{Argument, Call, may_be_absent, schema, try_decode};
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
    message = "`{Self}` is no ui resource",
    label = "`ui =` names something that is not annotated with #[mcp_ui_resource]",
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
}

impl Icon {
    /// A picture at this url.
    pub const fn new(src: &'static str) -> Self {
        Self {
            src,
            mime_type: None,
            sizes: &[],
        }
    }

    /// The same picture with a media type.
    #[must_use]
    pub const fn mime_type(mut self, mime_type: &'static str) -> Self {
        self.mime_type = Some(mime_type);
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
    /// When the client asks.
    Optional,
    /// Always.
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

/// One argument that a caller sends.
#[derive(Debug)]
#[non_exhaustive]
pub struct Param {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it means.
    pub description: Option<&'static str>,
    /// Its default.
    pub default: ParamDefault,
    /// Further schema keywords, each with its value as JSON text.
    pub keywords: &'static [(&'static str, &'static str)],
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) optional: fn() -> bool,
    pub(crate) decode: fn(&Value) -> Result<(), String>,
}

/// The default of an argument.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ParamDefault {
    /// There is none.
    None,
    /// As JSON text.
    Json(&'static str),
    /// Computed.
    With(fn() -> Value),
}

impl Param {
    /// The argument `P` under this name; `P` may be its type.
    pub const fn of<P: Argument>(name: &'static str) -> Self {
        Self {
            name,
            description: None,
            default: ParamDefault::None,
            keywords: &[],
            schema: schema::<P>,
            optional: may_be_absent::<P>,
            decode: try_decode::<P>,
        }
    }

    /// The same argument with its meaning.
    #[must_use]
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// The same argument with a default, as JSON text.
    #[must_use]
    pub const fn default_json(mut self, json: &'static str) -> Self {
        self.default = ParamDefault::Json(json);
        self
    }

    /// The same argument with a computed default.
    #[must_use]
    pub const fn default_with(mut self, default: fn() -> Value) -> Self {
        self.default = ParamDefault::With(default);
        self
    }

    /// The same argument with further schema keywords, each with its value as JSON text.
    #[must_use]
    pub const fn keywords(mut self, keywords: &'static [(&'static str, &'static str)]) -> Self {
        self.keywords = keywords;
        self
    }

    /// Whether a caller must send it.
    pub fn is_required(&self) -> bool {
        matches!(self.default, ParamDefault::None) && !(self.optional)()
    }
}

/// One parameter that the server provides.
#[derive(Debug)]
#[non_exhaustive]
pub struct Provided {
    /// The parameter's name, for messages.
    pub param: &'static str,
    /// Whether the function takes it as `Option<&T>`.
    pub optional: bool,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) key: fn() -> TypeId,
}

impl Provided {
    /// `&T`.
    pub const fn of<T: ?Sized + Send + Sync + 'static>(param: &'static str) -> Self {
        Self {
            param,
            optional: false,
            type_name: std::any::type_name::<T>,
            key: TypeId::of::<Arc<T>>,
        }
    }

    /// `Option<&T>`.
    pub const fn optional<T: ?Sized + Send + Sync + 'static>(param: &'static str) -> Self {
        Self {
            param,
            optional: true,
            type_name: std::any::type_name::<T>,
            key: TypeId::of::<Arc<T>>,
        }
    }
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

/// A tool.
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolDescriptor {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it does, for the model.
    pub description: &'static str,
    /// Hints about its behaviour.
    pub hints: Hints,
    /// Pictures for it.
    pub icons: &'static [Icon],
    /// Scopes that a call needs.
    pub scopes: &'static [&'static str],
    /// Whether it is left out of the list of a caller without its scopes.
    pub hidden: bool,
    /// Who sees it, where it belongs to a view.
    pub visibility: &'static [Audience],
    /// The view that shows its result.
    pub ui: Option<&'static UiResourceDescriptor>,
    /// Whether unknown arguments are let through.
    pub open: bool,
    /// The whole input schema as JSON text, in place of the derived one.
    pub schema_text: Option<&'static str>,
    /// How long a call may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Whether it runs as a task.
    pub task: TaskSupport,
    /// What the caller sends.
    pub params: &'static [&'static Param],
    /// What the server provides.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
    pub(crate) output: fn(&mut SchemaGenerator) -> Option<Schema>,
    pub(crate) call: ToolCall,
}

impl ToolDescriptor {
    /// A tool without parameters; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        call: ToolCall,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            hints: Hints {
                read_only: None,
                destructive: None,
                idempotent: None,
                open_world: None,
            },
            icons: &[],
            scopes: &[],
            hidden: false,
            visibility: &[],
            ui: None,
            open: false,
            schema_text: None,
            timeout_ms: None,
            task: TaskSupport::Forbidden,
            params: &[],
            provided: &[],
            place,
            output: |_| None,
            call,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// With pictures.
        icons: &'static [Icon] => icons = icons);
    set!(/// A call needs these scopes beside the base scope.
        scopes: &'static [&'static str] => scopes = scopes);
    set!(/// Seen by these only (MCP Apps).
        visibility: &'static [Audience] => visibility = visibility);
    set!(/// Its result is shown in this view.
        ui: &'static UiResourceDescriptor => ui = Some(ui));
    set!(/// With this input schema, word for word, in place of the derived one.
        schema_text: &'static str => schema_text = Some(schema_text));
    set!(/// With a limit on how long a call may take, in milliseconds.
        timeout_ms: u64 => timeout_ms = Some(timeout_ms));
    set!(/// Runs as a task.
        task: TaskSupport => task = task);
    set!(/// What the caller sends.
        params: &'static [&'static Param] => params = params);
    set!(/// What the server provides.
        provided: &'static [&'static Provided] => provided = provided);
    set!(/// With the schema of its structured result.
        output: fn(&mut SchemaGenerator) -> Option<Schema> => output = output);

    /// Left out of the list of a caller without its scopes.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Unknown arguments are let through.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// `readOnlyHint`.
    #[must_use]
    pub const fn read_only(mut self, hint: bool) -> Self {
        self.hints.read_only = Some(hint);
        self
    }

    /// `destructiveHint`.
    #[must_use]
    pub const fn destructive(mut self, hint: bool) -> Self {
        self.hints.destructive = Some(hint);
        self
    }

    /// `idempotentHint`.
    #[must_use]
    pub const fn idempotent(mut self, hint: bool) -> Self {
        self.hints.idempotent = Some(hint);
        self
    }

    /// `openWorldHint`.
    #[must_use]
    pub const fn open_world(mut self, hint: bool) -> Self {
        self.hints.open_world = Some(hint);
        self
    }
}

/// A resource's address.
#[derive(Debug, Clone, Copy)]
pub enum Uri {
    /// One resource.
    Fixed(&'static str),
    /// A family of resources (RFC 6570).
    Template(&'static str),
}

impl Uri {
    /// The text of the uri or of the template.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fixed(text) | Self::Template(text) => text,
        }
    }
}

/// A resource or a resource template.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResourceDescriptor {
    /// Its programmatic name.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it holds.
    pub description: &'static str,
    /// Its address.
    pub uri: Uri,
    /// Its media type.
    pub mime_type: Option<&'static str>,
    /// Pictures for it.
    pub icons: &'static [Icon],
    /// For whom it is meant.
    pub audience: &'static [crate::protocol::Role],
    /// From 0 to 1.
    pub priority: Option<f64>,
    /// Scopes that reading it needs.
    pub scopes: &'static [&'static str],
    /// Whether it is left out of the list of a caller without its scopes.
    pub hidden: bool,
    /// The variables of the template.
    pub params: &'static [&'static Param],
    /// What the server provides.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
    pub(crate) call: ResourceCall,
}

impl ResourceDescriptor {
    /// A resource; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        uri: Uri,
        call: ResourceCall,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            uri,
            mime_type: None,
            icons: &[],
            audience: &[],
            priority: None,
            scopes: &[],
            hidden: false,
            params: &[],
            provided: &[],
            place,
            call,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// With a media type.
        mime_type: &'static str => mime_type = Some(mime_type));
    set!(/// With pictures.
        icons: &'static [Icon] => icons = icons);
    set!(/// Meant for these readers.
        audience: &'static [crate::protocol::Role] => audience = audience);
    set!(/// From 0 (entirely optional) to 1 (needed).
        priority: f64 => priority = Some(priority));
    set!(/// Reading it needs these scopes beside the base scope.
        scopes: &'static [&'static str] => scopes = scopes);
    set!(/// The variables of the template.
        params: &'static [&'static Param] => params = params);
    set!(/// What the server provides.
        provided: &'static [&'static Provided] => provided = provided);

    /// Left out of the list of a caller without its scopes.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

/// A prompt.
#[derive(Debug)]
#[non_exhaustive]
pub struct PromptDescriptor {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it is for.
    pub description: &'static str,
    /// Pictures for it.
    pub icons: &'static [Icon],
    /// What the caller sends.
    pub params: &'static [&'static Param],
    /// What the server provides.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
    pub(crate) call: PromptCall,
}

impl PromptDescriptor {
    /// A prompt; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        call: PromptCall,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            icons: &[],
            params: &[],
            provided: &[],
            place,
            call,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// With pictures.
        icons: &'static [Icon] => icons = icons);
    set!(/// What the caller sends.
        params: &'static [&'static Param] => params = params);
    set!(/// What the server provides.
        provided: &'static [&'static Provided] => provided = provided);
}

/// Where a view may reach, as bare origins (`https://cdn.example.com`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Csp {
    /// `connectDomains`: fetch, WebSocket.
    pub connect: &'static [&'static str],
    /// `resourceDomains`: scripts, styles, images, fonts, media.
    pub resource: &'static [&'static str],
    /// `frameDomains`: nested frames.
    pub frame: &'static [&'static str],
    /// `baseUriDomains`: `<base>`.
    pub base_uri: &'static [&'static str],
}

/// What a view asks the browser for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permissions {
    /// The camera.
    pub camera: bool,
    /// The microphone.
    pub microphone: bool,
    /// The place of the device.
    pub geolocation: bool,
    /// Writing to the clipboard.
    pub clipboard_write: bool,
}

/// Where a view's HTML comes from.
#[derive(Debug, Clone, Copy)]
pub enum Html {
    /// Known at compile time.
    Text(&'static str),
    /// Rendered for each read.
    Render(HtmlCall),
}

/// A view that a host renders in the chat (MCP Apps, `io.modelcontextprotocol/ui`).
#[derive(Debug)]
#[non_exhaustive]
pub struct UiResourceDescriptor {
    /// Its programmatic name.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it shows.
    pub description: &'static str,
    /// Its `ui://` uri.
    pub uri: &'static str,
    /// Its HTML.
    pub html: Html,
    /// Where it may reach.
    pub csp: Csp,
    /// What it asks the browser for.
    pub permissions: Permissions,
    /// A dedicated origin that the host should use.
    pub domain: Option<&'static str>,
    /// Whether the host should draw a border.
    pub prefers_border: Option<bool>,
    /// What the server provides to the rendering function.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
}

impl UiResourceDescriptor {
    /// A view; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        uri: &'static str,
        html: Html,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            uri,
            html,
            csp: Csp {
                connect: &[],
                resource: &[],
                frame: &[],
                base_uri: &[],
            },
            permissions: Permissions {
                camera: false,
                microphone: false,
                geolocation: false,
                clipboard_write: false,
            },
            domain: None,
            prefers_border: None,
            provided: &[],
            place,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// May reach these origins.
        csp: Csp => csp = csp);
    set!(/// Asks the browser for these.
        permissions: Permissions => permissions = permissions);
    set!(/// On a dedicated origin.
        domain: &'static str => domain = Some(domain));
    set!(/// With or without a border.
        prefers_border: bool => prefers_border = Some(prefers_border));
    set!(/// What the server provides to the rendering function.
        provided: &'static [&'static Provided] => provided = provided);
}
