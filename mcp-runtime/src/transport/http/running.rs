//! Calls that run in a session of the older wires, so that `notifications/cancelled` finds them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{AbortHandle, AbortRegistration};

/// The running calls of one endpoint, by session and request id.
#[derive(Default)]
pub(super) struct Calls {
    running: Mutex<HashMap<(String, String), Call>>,
    /// How many there were.
    begun: AtomicU64,
}

struct Call {
    number: u64,
    handle: AbortHandle,
}

/// A call that runs; forgotten when it ends.
pub(super) struct Running {
    calls: Arc<Calls>,
    key: (String, String),
    number: u64,
}

impl Calls {
    /// Notes a call of a session. A second one under the same id takes the place of the first, which runs on.
    pub(super) fn begin(self: &Arc<Self>, session: &str, id: &str) -> (Running, AbortRegistration) {
        let (handle, registration) = AbortHandle::new_pair();
        let key = (session.to_owned(), id.to_owned());
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        self.with(|calls| calls.insert(key.clone(), Call { number, handle }));
        (
            Running {
                calls: self.clone(),
                key,
                number,
            },
            registration,
        )
    }

    /// Cancels a call: its future is dropped, and nothing more is sent for it.
    pub(super) fn cancel(&self, session: &str, id: &str) {
        let call = self.with(|calls| calls.remove(&(session.to_owned(), id.to_owned())));
        if let Some(call) = call {
            call.handle.abort();
        }
    }

    /// Cancels all calls of a session: it has ended.
    pub(super) fn cancel_all(&self, session: &str) {
        self.with(|calls| {
            calls.retain(|(of, _), call| {
                if of == session {
                    call.handle.abort();
                }
                of != session
            });
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<(String, String), Call>) -> T) -> T {
        f(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.with(|calls| {
            // Another may have taken its place.
            if calls
                .get(&self.key)
                .is_some_and(|call| call.number == self.number)
            {
                calls.remove(&self.key);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_call_leaves_the_one_that_took_its_place() {
        let calls = Arc::new(Calls::default());
        let (first, _) = calls.begin("s", "1");
        let (_second, registration) = calls.begin("s", "1");
        drop(first);
        calls.cancel("s", "1");
        assert!(registration.handle().is_aborted());
    }
}
