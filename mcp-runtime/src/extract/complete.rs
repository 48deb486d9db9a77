//! Completing an argument of a prompt or a resource template while a user types it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::{Context, User};
use crate::result::Error;

/// How many values one answer may hold (completion, "Completion Results").
const MAX_VALUES: usize = 100;

/// What completes an argument; `#[arg(complete = …)]` makes one of a function.
pub type Completer = for<'c> fn(Completing<'c>) -> BoxFuture<'c, Result<Completions, Error>>;

/// What a user has typed so far, as the function behind `#[arg(complete = …)]` sees it.
///
/// ```
/// # use mcp_runtime::prelude::*;
/// use mcp_runtime::Completing;
///
/// async fn cities(typing: Completing<'_>) -> Vec<&'static str> {
///     match typing.other("country") {
///         Some("France") => typing.filter(["Lyon", "Paris"]),
///         _ => typing.filter(["Berlin", "Lyon", "Paris"]),
///     }
/// }
///
/// /// Tell about a city.
/// #[mcp_prompt]
/// async fn about(country: &str, #[arg(complete = cities)] city: &str) -> String {
///     format!("What should I see in {city}, {country}?")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mcp_runtime::Result<()> {
/// # let mut client = mcp_server!("Travel").only(tools![about]).auth(Auth::none()).test().await?;
/// let answer = client.request("completion/complete", serde_json::json!({
///     "ref": { "type": "ref/prompt", "name": "about" },
///     "argument": { "name": "city", "value": "p" },
///     "context": { "arguments": { "country": "France" } },
/// })).await?;
/// assert_eq!(answer["completion"]["values"], serde_json::json!(["Paris"]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Completing<'c> {
    typed: &'c str,
    others: &'c Map<String, Value>,
    ctx: &'c Context,
}

impl<'c> Completing<'c> {
    pub(crate) fn new(typed: &'c str, others: &'c Map<String, Value>, ctx: &'c Context) -> Self {
        Self { typed, others, ctx }
    }

    /// What was typed so far.
    pub fn typed(&self) -> &'c str {
        self.typed
    }

    /// The value of another argument, if the client has told it.
    pub fn other(&self, name: &str) -> Option<&'c str> {
        self.others.get(name).and_then(Value::as_str)
    }

    /// The signed-in user, if there is one.
    pub fn user(&self) -> Option<&'c User> {
        self.ctx.user()
    }

    /// State of the server's, as a tool would take it by `&T`.
    ///
    /// # Errors
    /// Nothing provides it, or what does has failed.
    pub async fn state<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, Error> {
        self.ctx
            .providers()
            .get::<T>(self.ctx)
            .await?
            .ok_or_else(|| {
                Error::internal(format!(
                    "nothing provides `{}`: add it by `.state(…)`, `.share(…)` or `.provide(…)`",
                    std::any::type_name::<T>()
                ))
            })
    }

    /// Those that contain what was typed, whatever its case; those that begin with it come first.
    pub fn filter<S: AsRef<str>>(&self, values: impl IntoIterator<Item = S>) -> Vec<S> {
        let typed = self.typed.to_lowercase();
        let (mut begin, mut contain) = (Vec::new(), Vec::new());
        for value in values {
            let text = value.as_ref().to_lowercase();
            if text.starts_with(&typed) {
                begin.push(value);
            } else if text.contains(&typed) {
                contain.push(value);
            }
        }
        begin.append(&mut contain);
        begin
    }
}

/// Suggestions, best first; a client sees the first 100.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    values: Vec<String>,
    total: Option<usize>,
}

impl Completions {
    /// These, out of so many in all.
    pub fn of(values: impl IntoIterator<Item = impl Into<String>>, total: usize) -> Self {
        Self {
            values: values.into_iter().map(Into::into).collect(),
            total: Some(total),
        }
    }

    pub(crate) fn into_wire(mut self) -> Value {
        let total = self
            .total
            .unwrap_or(self.values.len())
            .max(self.values.len());
        self.values.truncate(MAX_VALUES);
        let more = total > self.values.len();
        serde_json::json!({ "values": self.values, "total": total, "hasMore": more })
    }
}

impl<S: Into<String>> From<Vec<S>> for Completions {
    fn from(values: Vec<S>) -> Self {
        Self {
            values: values.into_iter().map(Into::into).collect(),
            total: None,
        }
    }
}

/// What a function behind `#[arg(complete = …)]` may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of suggestions",
    note = "return `Vec<String>`, `Vec<&str>`, `Completions`, or a `Result` of one of them"
)]
pub trait IntoCompletions {
    /// The suggestions, or why there are none.
    ///
    /// # Errors
    /// What the function says.
    fn into_completions(self) -> Result<Completions, Error>;
}

impl IntoCompletions for Completions {
    fn into_completions(self) -> Result<Completions, Error> {
        Ok(self)
    }
}

impl<S: Into<String>> IntoCompletions for Vec<S> {
    fn into_completions(self) -> Result<Completions, Error> {
        Ok(self.into())
    }
}

impl<T: IntoCompletions, E: Into<Error>> IntoCompletions for Result<T, E> {
    fn into_completions(self) -> Result<Completions, Error> {
        self.map_err(Into::into)?.into_completions()
    }
}
