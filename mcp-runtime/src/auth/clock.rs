//! What time it is; tests move it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::store::{Millis, Store, StoreError};

/// The clock by which codes, tokens and sessions end. A server uses the system's; a test may want one that it can
/// move: clones of a manual clock move together.
#[derive(Clone, Default)]
pub struct Clock(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    System,
    /// The system's is wrong by so many milliseconds.
    Wrong(i64),
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// The system's clock as it would be on a machine whose clock is fast by so much. A server follows the clock of
    /// its database, if that is a server of its own, so a test of replicas may want one.
    pub fn fast_by(much: Duration) -> Self {
        Self(Kind::Wrong(millis(much)))
    }

    /// A clock that stands still at the present until it is [advanced](Self::advance).
    pub fn manual() -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(Self::system().now()))))
    }

    /// Moves a manual clock forward; the system's stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::Relaxed);
        }
    }

    pub(crate) fn now(&self) -> Millis {
        let system = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, millis)
        };
        match &self.0 {
            Kind::System => system(),
            Kind::Wrong(by) => system() + by,
            Kind::Manual(now) => now.load(Ordering::Relaxed),
        }
    }
}

/// The clock of a store's servers. Replicas whose machines disagree follow the database, so that a code which one of
/// them just made is not expired to another.
#[derive(Debug)]
pub(crate) struct SharedClock {
    own: Clock,
    /// What the database's is ahead of it, in milliseconds.
    behind: AtomicI64,
}

impl SharedClock {
    /// A clock that agrees with the store's from now on.
    pub(crate) async fn of(own: Clock, store: &dyn Store) -> Result<Self, StoreError> {
        let behind = AtomicI64::new(0);
        let clock = Self { own, behind };
        clock.set(store).await?;
        Ok(clock)
    }

    /// The present.
    pub(crate) fn now(&self) -> Millis {
        self.own.now() + self.behind.load(Ordering::Relaxed)
    }

    /// Looks at the store's clock. A manual clock is what a test says it is.
    pub(crate) async fn set(&self, store: &dyn Store) -> Result<(), StoreError> {
        if matches!(self.own.0, Kind::Manual(_)) {
            return Ok(());
        }
        let asked = self.own.now();
        if let Some(time) = store.time().await? {
            let midway = asked + (self.own.now() - asked) / 2;
            self.behind.store(time - midway, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::System => "Clock(system)",
            Kind::Wrong(_) => "Clock(system, wrong)",
            Kind::Manual(_) => "Clock(manual)",
        })
    }
}

/// A duration as the store counts it.
pub(crate) fn millis(duration: Duration) -> Millis {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
