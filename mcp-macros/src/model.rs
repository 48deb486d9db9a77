//! What the user wrote, understood: all that `check` judges and `expand` writes out.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, LitStr, Path, Type, Visibility};

/// The function or const itself, as far as its neighbours in the expansion need it.
pub(crate) struct Origin {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    /// `#[cfg]`s and `#[allow]`s, for everything that is emitted beside the item.
    pub(crate) inherited: TokenStream,
    /// `#[cfg]`s alone, for what the user's own `#[allow]`s should not silence.
    pub(crate) cfgs: TokenStream,
}

/// What every kind of item says about itself.
pub(crate) struct About {
    pub(crate) name: LitStr,
    pub(crate) title: Option<LitStr>,
    /// A `const` expression of type `&'static str`.
    pub(crate) description: Option<TokenStream>,
    pub(crate) icons: Vec<Icon>,
}

pub(crate) struct Icon {
    pub(crate) src: LitStr,
    pub(crate) mime: Option<LitStr>,
    pub(crate) sizes: Vec<LitStr>,
    pub(crate) theme: Option<LitStr>,
}

/// The function behind an item.
pub(crate) struct Function {
    pub(crate) is_async: bool,
    pub(crate) params: Vec<Param>,
    /// `()` where none is written.
    pub(crate) output: Type,
}

impl Function {
    pub(crate) fn arguments(&self) -> impl Iterator<Item = (&Param, &Argument)> {
        self.params.iter().filter_map(|p| match &p.kind {
            ParamKind::Argument(argument) => Some((p, &**argument)),
            ParamKind::Provided { .. } => None,
        })
    }
}

pub(crate) struct Param {
    /// As written; `_` where the function ignores it.
    pub(crate) ident: Ident,
    pub(crate) kind: ParamKind,
}

pub(crate) enum ParamKind {
    /// By value: the caller sends it.
    Argument(Box<Argument>),
    /// By reference: the server provides it.
    Provided {
        /// Without the `&`.
        ty: Box<Type>,
        /// `Option<&T>`.
        optional: bool,
    },
}

pub(crate) struct Argument {
    /// As written.
    pub(crate) ty: Type,
    pub(crate) shape: Shape,
    /// The name on the wire, at the span of the parameter or of its `rename`.
    pub(crate) wire: LitStr,
    pub(crate) description: Option<TokenStream>,
    pub(crate) default: Option<Default>,
    pub(crate) header: Option<LitStr>,
    /// The function that completes it while a user types.
    pub(crate) complete: Option<Expr>,
    pub(crate) constraints: Constraints,
}

/// What is said of a value beside its type.
#[derive(std::default::Default)]
pub(crate) struct Constraints {
    pub(crate) range: Option<Range>,
    /// The bound that a number must exceed.
    pub(crate) above: Option<(Number, TokenStream)>,
    pub(crate) multiple_of: Option<(Number, TokenStream)>,
    pub(crate) length: Option<Length>,
    pub(crate) pattern: Option<LitStr>,
    pub(crate) format: Option<LitStr>,
    /// The key, where a list must not have the same item twice.
    pub(crate) unique: Option<Ident>,
    /// What is said of each item of a list, …
    pub(crate) items: Option<(Ident, Box<Constraints>)>,
    /// … and of each value of a map; with their keys.
    pub(crate) values: Option<(Ident, Box<Constraints>)>,
    pub(crate) constant: Option<Json>,
    pub(crate) title: Option<LitStr>,
    pub(crate) examples: Vec<Json>,
    /// Further keywords of JSON Schema.
    pub(crate) extend: Vec<(LitStr, Json)>,
}

/// JSON, as text and as the user wrote it.
pub(crate) struct Json {
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
}

/// How an argument is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `T`
    Owned,
    /// `&str`
    Text,
    /// `Option<&str>`
    OptionalText,
}

pub(crate) enum Default {
    /// `null`: an `Option` that is published with its default.
    Null(Ident),
    /// A literal: published as JSON.
    Literal { value: Literal, expr: Expr },
    /// Any other expression: evaluated for each call that leaves the argument out, and once for the schema.
    Computed(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Int(i128),
    Float(f64),
    Bool(bool),
    Str(String),
}

impl Literal {
    pub(crate) fn json(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Bool(value) => value.to_string(),
            Self::Str(value) => crate::text::json_string(value),
        }
    }
}

/// A bound of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss)]
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    pub(crate) fn json(self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
        }
    }
}

/// `range(2..=6)`
pub(crate) struct Range {
    pub(crate) min: Option<Number>,
    pub(crate) max: Option<Number>,
    /// Whether `max` itself is excluded.
    pub(crate) exclusive: bool,
    /// What stands between the parentheses.
    pub(crate) tokens: TokenStream,
}

/// `length(1..=80)`, both ends included.
pub(crate) struct Length {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) tokens: TokenStream,
}

pub(crate) struct Tool {
    pub(crate) origin: Origin,
    pub(crate) about: About,
    pub(crate) function: Function,
    pub(crate) hints: Hints,
    /// The title among the annotations, where clients of 2025-03-26 look for it.
    pub(crate) annotations_title: Option<LitStr>,
    pub(crate) meta: Vec<(LitStr, Json)>,
    /// Further keywords at the root of the input schema.
    pub(crate) extend: Vec<(LitStr, Json)>,
    /// Types that are published under `$defs` in any case.
    pub(crate) definitions: Vec<Type>,
    pub(crate) scopes: Vec<LitStr>,
    /// Its key, where it is there.
    pub(crate) hidden: Option<Ident>,
    pub(crate) ui: Option<Path>,
    pub(crate) visibility: Vec<Ident>,
    pub(crate) open: bool,
    pub(crate) schema: Option<Schema>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) task: Option<Ident>,
    /// Former names that still work.
    pub(crate) aliases: Vec<LitStr>,
    /// `locked`, where it is written.
    pub(crate) locked: Option<Ident>,
}

/// `None` leaves a hint at the specification's default.
#[derive(Default)]
pub(crate) struct Hints {
    pub(crate) read_only: Option<bool>,
    /// With its key, for the case that it contradicts `read_only`.
    pub(crate) destructive: Option<(bool, Ident)>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) open_world: Option<bool>,
}

/// An input schema, word for word.
pub(crate) enum Schema {
    /// As JSON text.
    Inline(LitStr),
    /// As a file under the package.
    File(LitStr),
}

pub(crate) struct Resource {
    pub(crate) origin: Origin,
    pub(crate) about: About,
    pub(crate) uri: Option<LitStr>,
    pub(crate) mime_type: Option<LitStr>,
    /// `User` and `Assistant`, as the runtime spells them.
    pub(crate) audience: Vec<Ident>,
    pub(crate) priority: Option<f64>,
    pub(crate) scopes: Vec<LitStr>,
    /// Its key, where it is there.
    pub(crate) hidden: Option<Ident>,
    pub(crate) source: Source,
}

/// What is served.
pub(crate) enum Source {
    Function(Function),
    /// A const of this type.
    Const(Type),
}

pub(crate) struct Prompt {
    pub(crate) origin: Origin,
    pub(crate) about: About,
    pub(crate) function: Function,
}

pub(crate) struct UiResource {
    pub(crate) origin: Origin,
    pub(crate) about: About,
    pub(crate) uri: Option<LitStr>,
    pub(crate) csp: Csp,
    /// Fields of the runtime's `Permissions`.
    pub(crate) permissions: Vec<Ident>,
    pub(crate) domain: Option<LitStr>,
    pub(crate) prefers_border: Option<bool>,
    /// Whether the runtime adds its script.
    pub(crate) bridge: bool,
    /// Whether the HTML goes out as bytes.
    pub(crate) blob: bool,
    /// The key, where the uri is to carry a hash of the HTML.
    pub(crate) versioned: Option<Ident>,
    /// How long hosts may keep it.
    pub(crate) ttl_ms: Option<u64>,
    /// The warnings that are not to be heard of, for what the runtime checks.
    pub(crate) allowed: Vec<Ident>,
    /// The HTML, where it can be read at compile time.
    #[cfg(feature = "check-views")]
    pub(crate) html: Option<Html>,
    pub(crate) source: Source,
}

/// The HTML of a view.
#[cfg(feature = "check-views")]
pub(crate) struct Html {
    pub(crate) text: String,
    /// The file that it is in, for messages.
    pub(crate) file: Option<String>,
}

#[derive(Default)]
pub(crate) struct Csp {
    pub(crate) connect: Vec<LitStr>,
    pub(crate) resource: Vec<LitStr>,
    pub(crate) frame: Vec<LitStr>,
    pub(crate) base_uri: Vec<LitStr>,
}

/// A struct or an enum that is an argument or a result, or part of one.
pub(crate) struct DataType {
    /// Without the attributes that are ours.
    pub(crate) item: syn::Item,
    pub(crate) ident: Ident,
    /// What is said of the type itself.
    pub(crate) constraints: Constraints,
    /// Unknown fields are refused.
    pub(crate) closed: bool,
    /// The alternatives of an untagged enum exclude each other.
    pub(crate) one_of: bool,
    /// The name under `$defs` that everything refers to.
    pub(crate) shared: Option<LitStr>,
    /// Whether none of our traits is derived by the user.
    pub(crate) derives: bool,
    /// What is said of its fields, in their order; `None` for nothing.
    pub(crate) fields: Vec<Option<Field>>,
}

/// What is said of a field, in the words of an argument.
pub(crate) struct Field {
    pub(crate) argument: Argument,
    /// Whether a `None` is not written at all (serde's `skip_serializing_if = "Option::is_none"`).
    pub(crate) left_out: bool,
    pub(crate) renamed: bool,
}
