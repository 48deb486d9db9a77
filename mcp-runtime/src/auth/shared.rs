//! What the processes on one store have in common beyond the sign-in: the seal of rounds, and tasks.

use std::sync::Arc;

use super::clock::{Clock, SharedClock};
use super::keys;
use super::secret::{self, DeriveKey};
use super::server::Server;
use crate::dispatch::{Now, Shared};
use crate::settings::SettingsError;
use crate::store::{Store, StoreError};

impl Server {
    pub(crate) fn shared(&self) -> Shared {
        shared(self.store.clone(), &self.derive, self.clock.clone())
    }
}

/// Of a store without a sign-in.
///
/// # Errors
/// The store's trouble, in one sentence.
pub(super) async fn open(store: Arc<dyn Store>) -> Result<Shared, SettingsError> {
    let prepared = async {
        let clock = SharedClock::of(Clock::system(), &*store).await?;
        let derive = keys::derive_key(&*store, clock.now()).await?;
        Ok((derive, clock))
    };
    let (derive, clock) = prepared.await.map_err(|e: StoreError| {
        SettingsError::new(format!(
            "the server cannot start because {e}: check DATABASE_URL and the database behind it"
        ))
    })?;
    Ok(shared(store, &derive, Arc::new(clock)))
}

fn shared(store: Arc<dyn Store>, derive: &DeriveKey, clock: Arc<SharedClock>) -> Shared {
    let key = derive.derive("state of rounds", "", &[]);
    let key = secret::decode(key.expose()).and_then(|bytes| bytes.try_into().ok());
    Shared {
        // 32 bytes come out of it, always.
        seal_key: key.unwrap_or_else(rand::random),
        records: store,
        now: Now::new(move || clock.now()),
    }
}
