//! Whether a name and a password are a user's. Every "no" looks the same and takes the same work.

use std::net::IpAddr;

use super::hashing::{Hasher, LONGEST_PASSWORD};
use super::secret::Secret;
use super::server::Server;
use super::throttle::{Attempt, Stopped};
use super::users::name_key;
use crate::store::{StoreError, UserRecord};

/// Why nobody was signed in.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Unknown, disabled, or the wrong password: not said which.
    Wrong,
    /// The password is longer than any can be.
    TooLong,
    /// Too many failures; seconds until the next attempt.
    Throttled(u32),
    /// Too many passwords are being checked right now.
    Busy,
    /// The store gave no answer.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The user of that name and password.
pub(crate) async fn check(
    server: &Server,
    name: &str,
    password: &Secret,
    address: Option<IpAddr>,
) -> Result<UserRecord, Refused> {
    if password.expose().len() > LONGEST_PASSWORD || name.len() > LONGEST_PASSWORD {
        return Err(Refused::TooLong);
    }
    let key = name_key(name);
    let attempt = Attempt::begin(server, &key, address)
        .await
        .map_err(|stopped| match stopped {
            Stopped::Wait(seconds) => Refused::Throttled(seconds),
            Stopped::Store(error) => Refused::Store(error),
        })?;
    let user = server
        .store
        .user_by_name(&key)
        .await?
        .filter(|user| !user.disabled);
    let hash = user.as_ref().map(|user| user.password.as_str());
    let right = server
        .hasher
        .verify(hash, password)
        .await
        .map_err(|_| Refused::Busy)?;
    let Some(user) = user.filter(|_| right) else {
        // The name is not logged: people type passwords into that field.
        tracing::info!(target: "mcp_runtime::audit", event = "login failed", ?address);
        return Err(Refused::Wrong);
    };
    attempt.succeeded(server).await?;
    if Hasher::is_weak(&user.password)
        && let Ok(stronger) = server.hasher.hash(password).await
    {
        server
            .store
            .strengthen_hash(&user.id, &user.password, &stronger)
            .await?;
    }
    tracing::info!(target: "mcp_runtime::audit", event = "login", user = user.id, ?address);
    Ok(user)
}
