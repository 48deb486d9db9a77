//! What stands between a user's function and the server: its panics, its time, its scopes.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Poller, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::Failure;
use super::rounds::{Suspended, drive};
use crate::extract::{Context, User};
use crate::result::{Error, Lane};

/// Runs a function's future to its end, to its time limit if there is one, or to its panic. Where the future is
/// dropped before its end, the call counts as cancelled.
pub(super) async fn run<T>(
    name: &str,
    ctx: &Context,
    limit: Option<Duration>,
    mut call: BoxFuture<'_, Result<T, Error>>,
) -> Result<T, Error> {
    let cancel = CancelOnDrop(Some(ctx));
    let Some(limit) = limit else {
        let outcome = poll_fn(|cx| step(ctx, &mut call, cx)).await;
        return cancel.unless_ended(name, outcome);
    };
    // Most calls are done at the first poll, and never see a timer. (A value that lives on beside an `await` makes every
    // call's future larger, so nothing does here.)
    if let Poll::Ready(outcome) = poll_fn(|cx| Poll::Ready(step(ctx, &mut call, cx))).await {
        return cancel.unless_ended(name, outcome);
    }
    let rest = poll_fn(|cx| step(ctx, &mut call, cx));
    match Box::pin(within(limit, ctx, rest)).await {
        Some(outcome) => cancel.unless_ended(name, outcome),
        None => Err(Error::tool(too_long(name, limit))),
    }
}

/// How a call ended: with its result, at the end of a round, or with a panic.
type Outcome<T> = Result<Result<Result<T, Error>, Suspended>, Box<dyn Any + Send>>;

/// Polls a call once; its panic is a value.
fn step<T>(
    ctx: &Context,
    call: &mut BoxFuture<'_, Result<T, Error>>,
    cx: &mut Poller<'_>,
) -> Poll<Outcome<T>> {
    match catch_unwind(AssertUnwindSafe(|| drive(ctx, call.as_mut(), cx))) {
        Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Runs a call until its own time is over. What it waits for its client's answers is not its own.
async fn within<T>(
    limit: Duration,
    ctx: &Context,
    mut call: impl Future<Output = T> + Unpin,
) -> Option<T> {
    // While a question is open the end moves on: looking at it more often than this gains nothing.
    const LEAST: Duration = Duration::from_millis(250);
    let mut left = limit;
    let started = Instant::now();
    loop {
        if let Ok(done) = tokio::time::timeout(left, &mut call).await {
            return Some(done);
        }
        let own = started.elapsed().saturating_sub(ctx.waited().total());
        left = limit
            .checked_sub(own)
            .filter(|left| !left.is_zero())?
            .max(LEAST);
    }
}

/// Why a call was stopped, for the model.
pub(super) fn too_long(name: &str, limit: Duration) -> String {
    format!(
        "`{name}` took longer than its limit of {} and was stopped.",
        humanly(limit)
    )
}

struct CancelOnDrop<'a>(Option<&'a Context>);

impl CancelOnDrop<'_> {
    /// The result of a call, which counts as cancelled unless it came to its end.
    fn unless_ended<T>(mut self, name: &str, outcome: Outcome<T>) -> Result<T, Error> {
        match outcome {
            Ok(Ok(result)) => {
                self.0 = None;
                result
            }
            Ok(Err(Suspended)) => Err(Error::suspended()),
            Err(panic) => {
                let text = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("no message");
                Err(Error::internal(format!("`{name}` panicked: {text}")))
            }
        }
    }
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(ctx) = self.0 {
            ctx.cancel();
        }
    }
}

fn humanly(limit: Duration) -> String {
    if limit.subsec_millis() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}

/// Refuses a caller whose token lacks a scope. Where nobody signs in, there is nothing to lack.
pub(super) fn scopes(needed: &[&'static str], ctx: &Context) -> Result<(), Failure> {
    scopes_of(needed, ctx.user())
}

/// The same for this user.
pub(super) fn scopes_of(needed: &[&'static str], user: Option<&User>) -> Result<(), Failure> {
    let Some(user) = user.filter(|u| u.is_scoped()) else {
        return Ok(());
    };
    if needed.iter().all(|s| user.has_scope(s)) {
        return Ok(());
    }
    Err(Failure::Scopes(
        needed.iter().map(|s| (*s).to_owned()).collect(),
    ))
}

/// All scopes that an operation needs: those that it declares, and those that it asked for as it ran.
pub(super) fn lacking(declared: &[&str], asked: Vec<String>) -> Failure {
    let mut scopes: Vec<String> = declared.iter().map(|s| (*s).to_owned()).collect();
    scopes.extend(
        asked
            .into_iter()
            .filter(|s| !declared.contains(&s.as_str())),
    );
    Failure::Scopes(scopes)
}

/// A failure's lane, for a method whose result cannot carry one. An internal failure is logged under an id that
/// the caller learns too; nothing else of it leaves the server.
pub(super) fn fail(name: &str, declared: &[&str], error: Error) -> Failure {
    match error.into_lane() {
        Lane::Tool(text) => crate::protocol::RpcError::invalid_params(text).into(),
        Lane::Protocol(error) => error.into(),
        Lane::Suspended => Failure::Suspended,
        Lane::Unauthenticated => Failure::Unauthenticated,
        Lane::Scopes(scopes) => lacking(declared, scopes),
        Lane::Internal(error) => crate::protocol::RpcError::new(
            crate::protocol::code::INTERNAL_ERROR,
            log_internal(name, &*error),
        )
        .into(),
    }
}

/// Logs an internal failure and returns the sentence that may leave the server.
pub(super) fn log_internal(name: &str, error: &(dyn std::error::Error + 'static)) -> String {
    let id = format!("{:08x}", rand::random::<u32>());
    tracing::error!(error_id = %id, item = name, error = %chain(error), "an internal error");
    format!("`{name}` failed for an internal reason; the server's log has it under the id {id}.")
}

/// An error with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
