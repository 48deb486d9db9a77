//! Tools.

use schemars::{Schema, SchemaGenerator};

use super::{
    Audience, Hints, Icon, Param, Place, Provided, TaskSupport, ToolCall, UiResourceDescriptor, set,
};

/// A tool.
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolDescriptor {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// Former names under which it can still be called.
    pub aliases: &'static [&'static str],
    /// Its title among the annotations, where clients of 2025-03-26 look for it.
    pub annotations_title: Option<&'static str>,
    /// `_meta` under keys of one's own, each with its value as JSON text.
    pub meta: &'static [(&'static str, &'static str)],
    /// Further keywords at the root of the input schema, each with its value as JSON text.
    pub extend: &'static [(&'static str, &'static str)],
    /// Types that are published under `$defs` even where no argument uses them.
    pub definitions: &'static [fn(&mut SchemaGenerator) -> Schema],
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
            aliases: &[],
            annotations_title: None,
            meta: &[],
            extend: &[],
            definitions: &[],
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
    set!(/// Can still be called by these former names, which are not listed.
        aliases: &'static [&'static str] => aliases = aliases);
    set!(/// With a title among the annotations.
        annotations_title: &'static str => annotations_title = Some(annotations_title));
    set!(/// With `_meta` under keys of one's own.
        meta: &'static [(&'static str, &'static str)] => meta = meta);
    set!(/// With further keywords at the root of the input schema.
        extend: &'static [(&'static str, &'static str)] => extend = extend);
    set!(/// With these types under `$defs`.
        definitions: &'static [fn(&mut SchemaGenerator) -> Schema] => definitions = definitions);
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
