//! Calls that run in a session of the older wires, so that `notifications/cancelled` finds them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{AbortHandle, AbortRegistration};

/// The running calls of one endpoint, by session and request id.
#[derive(Default)]
pub(super) struct Calls(Mutex<HashMap<(String, String), AbortHandle>>);

/// A call that runs; forgotten when it ends.
pub(super) struct Running {
    calls: Arc<Calls>,
    key: (String, String),
}

impl Calls {
    /// Notes a call of a session. A second one under the same id takes the place of the first, which runs on.
    pub(super) fn begin(self: &Arc<Self>, session: &str, id: &str) -> (Running, AbortRegistration) {
        let (handle, registration) = AbortHandle::new_pair();
        let key = (session.to_owned(), id.to_owned());
        self.with(|calls| calls.insert(key.clone(), handle));
        (
            Running {
                calls: self.clone(),
                key,
            },
            registration,
        )
    }

    /// Cancels a call: its future is dropped, and nothing more is sent for it.
    pub(super) fn cancel(&self, session: &str, id: &str) {
        let handle = self.with(|calls| calls.remove(&(session.to_owned(), id.to_owned())));
        if let Some(handle) = handle {
            handle.abort();
        }
    }

    /// Cancels all calls of a session: it has ended.
    pub(super) fn cancel_all(&self, session: &str) {
        self.with(|calls| {
            calls.retain(|(of, _), handle| {
                if of == session {
                    handle.abort();
                }
                of != session
            });
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<(String, String), AbortHandle>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.with(|calls| calls.remove(&self.key));
    }
}
