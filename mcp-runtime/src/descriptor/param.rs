//! What a function takes: arguments of the caller's, values of the server's.

use std::any::TypeId;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::extract::{Argument, Completer, may_be_absent, schema, try_decode};

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
    /// Keywords without a typed check: `items/pattern` is the pattern of a list's items.
    pub extend: &'static [(&'static str, &'static str)],
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) optional: fn() -> bool,
    pub(crate) decode: fn(&Value) -> Result<(), String>,
    pub(crate) complete: Option<Completer>,
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
            extend: &[],
            schema: schema::<P>,
            optional: may_be_absent::<P>,
            decode: try_decode::<P>,
            complete: None,
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

    /// The same argument with keywords that the validator alone enforces, each with its value as JSON text;
    /// `items/pattern` is the pattern of a list's items.
    #[must_use]
    pub const fn extend(mut self, keywords: &'static [(&'static str, &'static str)]) -> Self {
        self.extend = keywords;
        self
    }

    /// The same argument with further schema keywords, each with its value as JSON text. Their checks are the caller's.
    #[must_use]
    pub const fn keywords(mut self, keywords: &'static [(&'static str, &'static str)]) -> Self {
        self.keywords = keywords;
        self
    }

    /// The same argument with what completes it while a user types: in prompts and resource templates only.
    #[must_use]
    pub const fn complete(mut self, complete: Completer) -> Self {
        self.complete = Some(complete);
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
