//! Whether a name and a password are a user's. Every "no" looks the same and takes the same work.

use std::net::IpAddr;

use super::audit::audit;
use super::demo;
use super::hashing::LONGEST_PASSWORD;
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

/// The user of that name and password, with the hash that the store has now.
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
    let mut attempt =
        Attempt::begin(server, &key, address)
            .await
            .map_err(|stopped| match stopped {
                Stopped::Wait(seconds) => {
                    audit!(warn, "login throttled");
                    Refused::Throttled(seconds)
                }
                Stopped::Store(error) => Refused::Store(error),
            })?;
    let user = match verified(server, &mut attempt, name, password, address).await {
        Ok(user) => user,
        Err(refused) => {
            // What this server could not look at is nobody's failure.
            attempt.came_to_nothing(server).await?;
            return Err(refused);
        }
    };
    let Some(mut user) = user else {
        // The name is not logged: people type passwords into that field.
        audit!(info, "login failed");
        return Err(Refused::Wrong);
    };
    attempt.succeeded(server).await?;
    if server.config.users.is_none()
        && server.hasher.is_weak(&user.password)
        && let Ok(stronger) = server.hasher.hash(password).await
        && server
            .store
            .strengthen_hash(&user.id, &user.password, &stronger)
            .await?
    {
        user.password = stronger;
    }
    audit!(info, "login", user = user.id);
    Ok(user)
}

/// The user, if the password is theirs; takes the same work either way.
async fn verified(
    server: &Server,
    attempt: &mut Attempt,
    name: &str,
    password: &Secret,
    address: Option<IpAddr>,
) -> Result<Option<UserRecord>, Refused> {
    let _turn = attempt.turn(server).await.ok_or(Refused::Busy)?;
    if let Some(users) = &server.config.users {
        return users.verified(server, attempt, name, password).await;
    }
    let user = server
        .store
        .user_by_name(&name_key(name))
        .await?
        .filter(|user| !user.disabled && !demo::is_out_of_reach(server, user, address));
    let hash = user.as_ref().map(|user| user.password.as_str());
    let right = server.hasher.verify(hash, password).await;
    let right = right.map_err(|_| Refused::Busy)?;
    Ok(user.filter(|_| right))
}
