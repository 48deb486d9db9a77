//! How long a call has waited for answers of its client. That time is not the tool's.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Waited(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many questions are open, and since when there is one.
    open: u32,
    since: Option<Instant>,
    before: Duration,
}

/// A question that is open until this is dropped.
pub(super) struct Open<'a>(&'a Waited);

impl Waited {
    /// Until now. Questions that are open together count once.
    pub(crate) fn total(&self) -> Duration {
        self.with(|s| s.before + s.since.map_or(Duration::ZERO, |at| at.elapsed()))
    }

    pub(super) fn begin(&self) -> Open<'_> {
        self.with(|s| {
            s.open += 1;
            s.since.get_or_insert_with(Instant::now);
        });
        Open(self)
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.with(|s| {
            s.open = s.open.saturating_sub(1);
            if s.open == 0
                && let Some(since) = s.since.take()
            {
                s.before += since.elapsed();
            }
        });
    }
}
