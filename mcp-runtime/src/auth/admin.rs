//! What an administrator does from the command line, beside a running server or without one. Changes reach a
//! running server within seconds.

use std::sync::Arc;

use super::audit::audit;
use super::clock::SharedClock;
use super::hashing::Hasher;
use super::keys;
use super::secret::Secret;
use super::users::{check_name, check_password, name_key, new_user};
use super::{Auth, Mode, Site, clock, config};
use crate::settings::{Settings, SettingsError};
use crate::store::{GrantLine, Sql, Store, StoreError, UserRecord};

/// Ids that a refusal lists.
const MOST_IDS: usize = 10;

/// The store, opened for an administrator.
pub(crate) struct Admin {
    store: Arc<dyn Store>,
    hasher: Hasher,
    clock: SharedClock,
    longest_token: i64,
    /// Whether users are kept elsewhere.
    outside: bool,
}

impl Admin {
    /// Opens the store of a server.
    ///
    /// # Errors
    /// The server has no store, or it cannot be used, in one sentence.
    pub(crate) async fn open(
        auth: &Auth,
        site: &Site,
        settings: &Settings,
    ) -> Result<Self, SettingsError> {
        let Mode::Embedded(config) = &auth.0 else {
            return Err(SettingsError::new(
                "this server has no users or keys of its own: give it `Auth::embedded()`",
            ));
        };
        config.check()?;
        keys::install_backend();
        let store: Arc<dyn Store> = Arc::new(Sql::open(settings, &site.server_name).await?);
        let clock = SharedClock::of(config.clock.clone(), &*store).await;
        Ok(Self {
            clock: clock.map_err(told)?,
            store,
            hasher: Hasher::new(settings.password_peppers.clone()),
            longest_token: clock::millis(config::LONGEST_ACCESS_TOKEN),
            outside: config.users.is_some(),
        })
    }

    /// Adds a user.
    pub(crate) async fn add_user(&self, name: &str, password: &str) -> Result<(), SettingsError> {
        self.has_passwords()?;
        check_name(name).map_err(SettingsError::new)?;
        let hash = self.hash(password).await?;
        let user = new_user(name, hash, None, self.clock.now());
        match self.store.add_user(&user).await.map_err(told)? {
            true => {
                audit!(info, "user added", user = user.id);
                Ok(())
            }
            false => Err(SettingsError::new(format!(
                "there is a user `{}` already: choose another name, or change the password with \
                 `user passwd`",
                user.name
            ))),
        }
    }

    /// All users, by name.
    pub(crate) async fn list_users(&self) -> Result<Vec<UserRecord>, SettingsError> {
        self.store.list_users().await.map_err(told)
    }

    /// Removes a user and ends what came of its sign-ins.
    pub(crate) async fn remove_user(&self, name: &str) -> Result<(), SettingsError> {
        let user = self.user(name).await?;
        let (now, until) = self.times();
        let removed = self.store.remove_user(&user.id, now, until).await;
        removed.map_err(told)?;
        audit!(info, "user removed", user = user.id);
        Ok(())
    }

    /// Lets a user sign in no more and ends what came of their sign-ins, or lets them sign in again.
    pub(crate) async fn set_disabled(
        &self,
        name: &str,
        disabled: bool,
    ) -> Result<(), SettingsError> {
        let user = self.user(name).await?;
        let (now, until) = self.times();
        let store = &self.store;
        let set = store.set_disabled(&user.id, disabled, now, until).await;
        set.map_err(told)?;
        match disabled {
            true => audit!(info, "user disabled", user = user.id),
            false => audit!(info, "user enabled", user = user.id),
        }
        Ok(())
    }

    /// Changes a password and ends what came of the user's sign-ins. A demo user becomes a real one by it.
    pub(crate) async fn set_password(
        &self,
        name: &str,
        password: &str,
    ) -> Result<(), SettingsError> {
        self.has_passwords()?;
        let user = self.user(name).await?;
        if user.is_of_elsewhere() {
            return Err(SettingsError::new(format!(
                "{name:?} signs in elsewhere and has no password here: change it there"
            )));
        }
        let hash = self.hash(password).await?;
        let (now, until) = self.times();
        match self
            .store
            .change_password(&user, &hash, None, now, until)
            .await
            .map_err(told)?
        {
            true => {
                audit!(info, "password changed", user = user.id);
                Ok(())
            }
            false => Err(SettingsError::new(
                "the password was changed by someone else at the same moment: try again",
            )),
        }
    }

    /// Makes a new signing key; the id of it. A compromised old one ends at once, and all access tokens with it.
    pub(crate) async fn rotate_keys(&self, compromised: bool) -> Result<String, SettingsError> {
        let now = self.clock.now();
        let rotated = keys::rotate(&*self.store, now, self.longest_token, compromised).await;
        let newest = rotated.map_err(told)?;
        audit!(
            info,
            "keys rotated",
            newest = newest,
            compromised = compromised
        );
        Ok(newest)
    }

    /// The grants that live, of one user or of all, newest first.
    pub(crate) async fn list_grants(
        &self,
        user: Option<&str>,
    ) -> Result<Vec<GrantLine>, SettingsError> {
        let user = match user {
            Some(name) => Some(self.user(name).await?.id),
            None => None,
        };
        self.store
            .list_grants(user.as_deref(), self.clock.now())
            .await
            .map_err(told)
    }

    /// Ends a grant; `false` when there is none of that id.
    pub(crate) async fn revoke_grant(&self, id: &str) -> Result<bool, SettingsError> {
        let (now, until) = self.times();
        let revoked = self
            .store
            .revoke_grant(id, now, until)
            .await
            .map_err(told)?;
        if revoked {
            audit!(info, "grant revoked", grant = id);
        }
        Ok(revoked)
    }

    fn has_passwords(&self) -> Result<(), SettingsError> {
        match self.outside {
            false => Ok(()),
            true => Err(SettingsError::new(
                "this server's users and their passwords are kept elsewhere (`Auth::users`): change them there",
            )),
        }
    }

    fn times(&self) -> (i64, i64) {
        let now = self.clock.now();
        (now, now + self.longest_token + 60_000)
    }

    /// The user of that id, or else of that name as it is shown: those who sign in elsewhere may share one.
    async fn user(&self, name: &str) -> Result<UserRecord, SettingsError> {
        if let Some(user) = self.store.user_by_id(name).await.map_err(told)? {
            return Ok(user);
        }
        let (mut found, key) = (self.list_users().await?, name_key(name));
        found.retain(|user| name_key(&user.name) == key);
        match (found.len(), found.pop()) {
            (1, Some(only)) => Ok(only),
            (_, None) => Err(SettingsError::new(format!(
                "there is no user {name:?}: `user list` shows who there is"
            ))),
            (several, Some(last)) => {
                found.push(last);
                let ids: Vec<&str> = found.iter().map(|user| &*user.id).take(MOST_IDS).collect();
                Err(SettingsError::new(format!(
                    "{several} users go by the name {name:?}: say which by its id, {}{}",
                    ids.join(" or "),
                    if several > MOST_IDS {
                        " or another of `user list`"
                    } else {
                        ""
                    }
                )))
            }
        }
    }

    async fn hash(&self, password: &str) -> Result<String, SettingsError> {
        check_password(password).map_err(SettingsError::new)?;
        let hashed = self.hasher.hash(&Secret::new(password.to_owned())).await;
        hashed.map_err(|_| SettingsError::new("the password cannot be hashed: free some memory"))
    }
}

fn told(error: StoreError) -> SettingsError {
    SettingsError::new(format!(
        "{error}: check DATABASE_URL and the database behind it"
    ))
}
