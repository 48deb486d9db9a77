//! What several processes that serve the same thing have in common, if they have a store: else each has its own.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::tasks::{InMemory, TaskRecords};

/// Milliseconds since 1970, UTC.
pub(crate) type Millis = i64;

/// What time it is. Processes on one store agree on it.
#[derive(Clone)]
pub(crate) struct Now(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Now {
    pub(crate) fn new(now: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(super) fn get(&self) -> Millis {
        (self.0)()
    }
}

impl Default for Now {
    /// This machine's.
    fn default() -> Self {
        Self::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            Millis::try_from(since.unwrap_or_default().as_millis()).unwrap_or(Millis::MAX)
        })
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now(…)")
    }
}

/// The common ground of the processes on one store.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Seals what clients carry from round to round, so that the next round may reach another process.
    pub seal_key: [u8; 32],
    /// Where tasks are kept.
    pub records: Arc<dyn TaskRecords>,
    pub now: Now,
}

impl Default for Shared {
    /// One process for itself: what it knows ends with it.
    fn default() -> Self {
        Self {
            seal_key: rand::random(),
            records: Arc::new(InMemory::default()),
            now: Now::default(),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}
