//! One call on its way into a function: its arguments still as bytes, its provided values still unasked.

use std::any::{Any, TypeId};
use std::sync::{Arc, OnceLock};

use super::argument::{Argument, Arguments, absent, decode};
use super::{Context, User};
use crate::descriptor::{Param, Provided};
use crate::result::Error;
use crate::schema::Input;

/// Arguments that had to be repaired (`"6"` for an integer) live here, beside the call, so that `&str`
/// parameters can borrow from them as they do from the request.
#[derive(Debug, Default)]
pub(crate) struct Scratch(OnceLock<Vec<u8>>);

/// One call on its way into a function. Generated code takes it apart.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The item's name, for messages.
    pub(crate) name: &'a str,
    /// The arguments, a JSON object as it came.
    pub(crate) arguments: &'a [u8],
    pub(crate) input: &'a Input,
    pub(crate) context: &'a Context,
    pub(crate) scratch: &'a Scratch,
}

impl<'a> Call<'a> {
    /// Reads the arguments in one pass. Where something is wrong with them, the error words every problem.
    ///
    /// # Errors
    /// A tool error for the model: each problem with its JSON path.
    pub fn parse<S: Arguments>(&self, params: &[&'static Param]) -> Result<S::Slots<'a>, Error> {
        // Constraints inside a user's own type are known to the validator only.
        if !self.input.has_nested_constraints()
            && let Ok(slots) = decode::<S>(self.arguments, params, self.input.is_open())
            && S::complete(&slots, params)
        {
            return Ok(slots);
        }
        let repaired = self.input.repair(self.name, self.arguments)?;
        let repaired = self.scratch.0.get_or_init(|| repaired);
        match decode::<S>(repaired, params, true) {
            Ok(slots) if S::complete(&slots, params) => Ok(slots),
            Ok(_) => Err(self
                .input
                .report(self.name, repaired, "a required argument is missing")),
            Err(error) => Err(self.input.report(self.name, repaired, &error.to_string())),
        }
    }

    /// The value of an argument without a default that was not sent.
    ///
    /// # Errors
    /// Never, after [`Call::parse`]: it has found what is missing.
    pub fn or_absent<P: Argument>(
        &self,
        slot: Option<P::Value<'a>>,
    ) -> Result<P::Value<'a>, Error> {
        slot.or_else(absent).ok_or_else(|| self.refuse())
    }

    /// The refusal of a call whose typed checks failed: the validator words every problem.
    pub fn refuse(&self) -> Error {
        let bytes = self.scratch.0.get().map_or(self.arguments, Vec::as_slice);
        match self.input.repair(self.name, bytes) {
            Err(error) => error,
            // The typed check and the validator disagree: say what is known rather than let the call through.
            Ok(_) => Error::tool(format!(
                "The arguments of `{}` are out of their bounds.",
                self.name
            )),
        }
    }

    /// A value that the server provides.
    ///
    /// # Errors
    /// What the provider says; for `&User`, a call without a signed-in user.
    pub async fn provide<T: ?Sized + Send + Sync + 'static>(
        &self,
        provided: &'static Provided,
    ) -> Result<Arc<T>, Error> {
        match self.provide_optional::<T>(provided).await? {
            Some(value) => Ok(value),
            None if (provided.key)() == TypeId::of::<Arc<User>>() => Err(Error::unauthenticated()),
            None => Err(Error::internal(format!(
                "nothing provides `{}` for the parameter `{}` of `{}`",
                (provided.type_name)(),
                provided.param,
                self.name
            ))),
        }
    }

    /// A value that the server may provide.
    ///
    /// # Errors
    /// What the provider says.
    pub async fn provide_optional<T: ?Sized + Send + Sync + 'static>(
        &self,
        _: &'static Provided,
    ) -> Result<Option<Arc<T>>, Error> {
        // A server may provide a `User` of its own; else it is the one who signed in.
        if let Some(value) = self.context.providers().get::<T>(self.context).await? {
            return Ok(Some(value));
        }
        let key = TypeId::of::<Arc<T>>();
        if key == TypeId::of::<Arc<User>>() {
            return Ok(self
                .context
                .shared_user()
                .and_then(|user| cast(user.clone())));
        }
        if key == TypeId::of::<Arc<Context>>() {
            return Ok(cast(Arc::new(self.context.clone())));
        }
        Ok(None)
    }
}

/// `Arc<From>` as `Arc<To>`, where they are the same type.
fn cast<From: Send + Sync + 'static, To: ?Sized + 'static>(value: Arc<From>) -> Option<Arc<To>> {
    (&value as &dyn Any).downcast_ref::<Arc<To>>().cloned()
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Runs a plain function on the blocking pool. It finishes even if the caller left.
///
/// # Errors
/// The function panicked, or the server shuts down.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => Ok(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::internal("the server shuts down")),
    }
}
