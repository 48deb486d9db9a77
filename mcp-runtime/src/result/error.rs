//! The lanes in which a call can fail, never mixed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

use crate::protocol::{RpcError, code};

/// A failure, in one of four lanes:
///
/// | lane | who should act | made by |
/// |---|---|---|
/// | tool | the model: it reads the text and tries again | [`Error::tool`], `Err("…")`, `Err(String)`, [`ToolFailure`] |
/// | protocol | the client: a JSON-RPC code | [`Error::protocol`], [`Error::invalid_params`] |
/// | auth | the user: an HTTP status and `WWW-Authenticate` | [`Error::needs_scopes`] |
/// | internal | the operator: logged under an id, masked on the wire | `?` on any [`std::error::Error`], [`Error::internal`] |
///
/// ```
/// use mcp_runtime::Error;
/// async fn read() -> Result<String, Error> {
///     let text = std::fs::read_to_string("/no/such/file")?; // internal: the caller learns nothing of it
///     if text.is_empty() {
///         return Err(Error::tool("The file is empty; write to it first."));
///     }
///     Ok(text)
/// }
/// ```
// It does not implement `std::error::Error`, as that would forbid the blanket `From` which makes `?` safe.
pub struct Error(Box<Lane>);

#[derive(Debug)]
pub(crate) enum Lane {
    Tool(String),
    Protocol(RpcError),
    Unauthenticated,
    Scopes(Vec<String>),
    Internal(Box<dyn StdError + Send + Sync>),
    /// The call waits for input: no failure, but it leaves by the same way.
    Suspended,
}

impl Error {
    /// A failure that the model should read: `isError: true` with this text.
    pub fn tool(text: impl Into<String>) -> Self {
        Self(Box::new(Lane::Tool(text.into())))
    }

    /// A JSON-RPC error with a code of one's own choice.
    pub fn protocol(code: i32, message: impl Into<String>) -> Self {
        Self::rpc(RpcError::new(code, message.into()))
    }

    pub(crate) fn rpc(error: RpcError) -> Self {
        Self(Box::new(Lane::Protocol(error)))
    }

    /// A JSON-RPC error -32602: the request itself is wrong.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::protocol(code::INVALID_PARAMS, message)
    }

    /// The same error with `data`, where it is a protocol error.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        if let Lane::Protocol(error) = self.0.as_mut() {
            error.data = Some(data);
        }
        self
    }

    /// The caller's token lacks scopes: HTTP 403 `insufficient_scope`, so that the client asks its user for more.
    pub fn needs_scopes<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self(Box::new(Lane::Scopes(
            scopes.into_iter().map(Into::into).collect(),
        )))
    }

    /// Nobody is signed in: HTTP 401 where there is something to sign in to.
    pub fn unauthenticated() -> Self {
        Self(Box::new(Lane::Unauthenticated))
    }

    /// A failure of ours: logged with an id, masked on the wire.
    pub fn internal(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Lane::Internal(error.into())))
    }

    pub(crate) fn suspended() -> Self {
        Self(Box::new(Lane::Suspended))
    }

    pub(crate) fn into_lane(self) -> Lane {
        *self.0
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            Lane::Tool(text) => f.write_str(text),
            Lane::Protocol(error) => write!(f, "{} ({})", error.message, error.code),
            Lane::Unauthenticated => f.write_str("a signed-in user is needed"),
            Lane::Scopes(scopes) => {
                write!(f, "the token lacks one of the scopes {}", scopes.join(" "))
            }
            Lane::Internal(error) => write!(f, "{error}"),
            Lane::Suspended => f.write_str("the call waits for input"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An error type of one's own that says in which lane it belongs.
///
/// ```
/// use mcp_runtime::{Error, ToolFailure};
/// enum BookingError { SoldOut, Database(std::io::Error) }
/// impl ToolFailure for BookingError {
///     fn into_error(self) -> Error {
///         match self {
///             Self::SoldOut => Error::tool("Sold out; offer the user another day."),
///             Self::Database(error) => Error::internal(error),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool",
    label = "it does not say for whom the failure is: the model, the client or the operator",
    note = "return `mcp_runtime::Error` (any `std::error::Error` becomes one by `?`), a `String`, or implement `ToolFailure` for it"
)]
pub trait ToolFailure {
    /// The same failure in its lane.
    fn into_error(self) -> Error;
}

impl ToolFailure for Error {
    fn into_error(self) -> Error {
        self
    }
}
impl ToolFailure for String {
    fn into_error(self) -> Error {
        Error::tool(self)
    }
}
impl ToolFailure for &str {
    fn into_error(self) -> Error {
        Error::tool(self)
    }
}
impl ToolFailure for Cow<'_, str> {
    fn into_error(self) -> Error {
        Error::tool(self)
    }
}
impl ToolFailure for Box<dyn StdError + Send + Sync> {
    fn into_error(self) -> Error {
        Error::internal(self)
    }
}
impl ToolFailure for std::convert::Infallible {
    fn into_error(self) -> Error {
        match self {}
    }
}

macro_rules! internal {
    ($($ty:ty),*) => {$(
        impl ToolFailure for $ty {
            fn into_error(self) -> Error {
                Error::internal(self)
            }
        }
    )*};
}
internal!(
    std::io::Error,
    std::fmt::Error,
    std::num::ParseIntError,
    std::num::ParseFloatError,
    serde_json::Error
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_mark_is_internal_and_a_string_is_for_the_model() {
        fn io() -> Result<(), Error> {
            Err(std::io::Error::other("db password is hunter2"))?;
            Ok(())
        }
        assert!(matches!(
            io().expect_err("fails").into_lane(),
            Lane::Internal(_)
        ));
        assert!(matches!("no".into_error().into_lane(), Lane::Tool(text) if text == "no"));
    }
}
