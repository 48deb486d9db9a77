//! What time it is; tests move it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::store::Millis;

/// The clock by which codes, tokens and sessions end. A server uses the system's; a test may want one that it can
/// move: clones of a manual clock move together.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at the present until it is [advanced](Self::advance).
    pub fn manual() -> Self {
        Self(Some(Arc::new(AtomicI64::new(Self::system().now()))))
    }

    /// Moves a manual clock forward; the system's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::Relaxed);
        }
    }

    pub(crate) fn now(&self) -> Millis {
        match &self.0 {
            Some(now) => now.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, millis),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Clock(manual)"
        } else {
            "Clock(system)"
        })
    }
}

/// A duration as the store counts it.
pub(crate) fn millis(duration: Duration) -> Millis {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
