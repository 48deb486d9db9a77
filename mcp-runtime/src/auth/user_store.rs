//! Users that are kept elsewhere: the application's own table, a directory, a service.
//!
//! Sessions and grants refer to a user of this server's store. So whoever signs in from elsewhere gets a row there, which
//! says of the password only the digest of its hash: when that is another one, or the user is gone or locked, what came
//! of earlier sign-ins ends.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Auth;
use super::audit::audit;
use super::hashing::{self, Busy};
use super::login::Refused;
use super::secret::{Secret, digest};
use super::server::Server;
use super::throttle::Attempt;
use super::users::{is_showable, name_key};
use crate::store::{StoreError, UserRecord};

/// Why a [`UserStore`] gave no answer. It is logged; whoever signs in is told to try again.
pub type UserStoreError = Box<dyn Error + Send + Sync>;

/// Your own users, in place of those of `user add`.
///
/// The throttle, the bounded and equal work for each attempt, sessions, consent and tokens stay the server's. Each
/// sign-in asks [`by_name`](Self::by_name); each use of a session or a refresh token asks [`by_id`](Self::by_id), so
/// that a user who is locked, removed or has a new password is out by the next one. Access tokens that were given out
/// live on for their 10 minutes.
///
/// ```
/// use mcp_runtime::auth::{Account, Auth, UserStore, UserStoreError};
///
/// struct Members(Vec<(u64, String, String)>); // yours is a table
///
/// impl UserStore for Members {
///     async fn by_name(&self, name: &str) -> Result<Option<Account>, UserStoreError> {
///         let found = self.0.iter().find(|(_, email, _)| email.eq_ignore_ascii_case(name));
///         Ok(found.map(|(id, email, hash)| Account::new(id.to_string(), email, hash)))
///     }
///     async fn by_id(&self, id: &str) -> Result<Option<Account>, UserStoreError> {
///         let found = self.0.iter().find(|member| member.0.to_string() == id);
///         Ok(found.map(|(id, email, hash)| Account::new(id.to_string(), email, hash)))
///     }
/// }
///
/// let auth = Auth::embedded().users(Members(Vec::new()));
/// ```
pub trait UserStore: Send + Sync + 'static {
    /// The account that signs in by this name, as it was typed, without blanks around it.
    fn by_name(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<Account>, UserStoreError>> + Send;

    /// The account of that id.
    fn by_id(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Account>, UserStoreError>> + Send;

    /// Whether a password is the one of this hash. By default the hash is a PHC string of argon2; write this for another
    /// scheme. It is called off the reactor, for a few at once, and its work must not depend on the answer.
    fn verify(&self, hash: &str, password: &str) -> bool {
        hashing::is_hash_of(hash, password)
    }

    /// A hash of nothing that anyone knows, which is verified where there is no account, so that unknown names take as
    /// long as known ones. By default an argon2id hash at the usual cost; write this along with
    /// [`verify`](Self::verify).
    fn decoy_hash(&self) -> String {
        hashing::decoy()
    }
}

/// A user of your own.
#[derive(Clone)]
pub struct Account {
    id: String,
    name: String,
    hash: Secret,
    disabled: bool,
}

impl Account {
    /// A user with the id that tools see as [`User::id`](crate::User::id) (and tokens as `sub`), the name to show, and
    /// the hash of the password. The id has 1 to 255 visible ASCII characters, never changes, and is never given to
    /// another user.
    pub fn new(id: impl Into<String>, name: impl Into<String>, hash: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            hash: Secret::new(hash.into()),
            disabled: false,
        }
    }

    /// Whether the user may not sign in; what came of earlier sign-ins ends.
    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// What the store keeps in place of a hash.
    fn mark(&self) -> String {
        format!("outside:{}", digest(self.hash.expose()))
    }

    /// A key that no name that is typed has.
    fn key(&self) -> String {
        format!("{KEY}{}", self.id)
    }

    /// `sub` never equals a client's id (RFC 9068 §5), and it goes into logs and headers.
    fn check(&self) -> Result<(), StoreError> {
        let good = (1..=255).contains(&self.id.len())
            && self.id.bytes().all(|b| b.is_ascii_graphic())
            && !self.id.starts_with("client_")
            && !self.id.contains("://");
        match good && !self.name.trim().is_empty() && is_showable(&self.name) {
            true => Ok(()),
            false => Err(StoreError::Corrupt(format!(
                "the account {:?} of your `UserStore`: an id has 1 to 255 visible ASCII characters, does not begin \
                 with `client_` and is no URL; a name has visible characters only",
                self.id
            ))),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Blanks around typed names are cut off, so none begins like this.
const KEY: &str = " outside:";

/// The hash of a password as `user add` makes it (argon2id, a PHC string), for tables of your own. It takes some 20
/// milliseconds: call it off the reactor.
///
/// # Errors
/// The memory for it (19 MiB) cannot be had, or the password is longer than 1024 bytes.
pub fn hash_password(password: &str) -> Result<String, UserStoreError> {
    hashing::hash(password).ok_or_else(|| "the password cannot be hashed".into())
}

/// [`UserStore`], whatever type it has.
pub(crate) trait AnyUserStore: Send + Sync {
    fn by_name<'a>(&'a self, name: &'a str) -> Found<'a>;
    fn by_id<'a>(&'a self, id: &'a str) -> Found<'a>;
    fn verify(&self, hash: &str, password: &str) -> bool;
}

type Found<'a> = BoxFuture<'a, Result<Option<Account>, UserStoreError>>;

impl<T: UserStore> AnyUserStore for T {
    fn by_name<'a>(&'a self, name: &'a str) -> Found<'a> {
        Box::pin(UserStore::by_name(self, name))
    }

    fn by_id<'a>(&'a self, id: &'a str) -> Found<'a> {
        Box::pin(UserStore::by_id(self, id))
    }

    fn verify(&self, hash: &str, password: &str) -> bool {
        UserStore::verify(self, hash, password)
    }
}

/// A [`UserStore`] in the settings.
#[derive(Clone)]
pub(crate) struct OwnUsers {
    store: Arc<dyn AnyUserStore>,
    decoy: String,
}

impl fmt::Debug for OwnUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnUsers(…)")
    }
}

impl Auth {
    /// Users of your own in place of those of `user add`; see [`UserStore`]. Demo users beside them are refused at
    /// start-up.
    #[must_use]
    pub fn users(self, store: impl UserStore) -> Self {
        let decoy = UserStore::decoy_hash(&store);
        let store: Arc<dyn AnyUserStore> = Arc::new(store);
        self.set(|c| c.users = Some(OwnUsers { store, decoy }))
    }
}

impl OwnUsers {
    /// The user of that name, if the password is theirs; takes the same work either way.
    pub(crate) async fn verified(
        &self,
        server: &Server,
        attempt: &mut Attempt,
        name: &str,
        password: &Secret,
    ) -> Result<Option<UserRecord>, Refused> {
        let found = self.store.by_name(name.trim()).await.map_err(unavailable)?;
        // Which spellings and which names are one account's is known to that store alone.
        let key = name_key(name);
        let which = found.as_ref().map(|account| &*account.id).ok_or(&*key);
        let may_be = attempt.leads_to(server, which).await?;
        let account = found.filter(|account| may_be && !account.disabled);
        let hash = account.as_ref().map_or(&*self.decoy, |a| a.hash.expose());
        let (store, hash, password) = (self.store.clone(), hash.to_owned(), password.clone());
        let right = server
            .hasher
            .run(move || store.verify(&hash, password.expose()))
            .await
            .map_err(|Busy| Refused::Busy)?;
        match account.filter(|_| right) {
            // The operator may have said no to one whom that store lets in.
            Some(account) => {
                let user = settle(server, &account).await?;
                Ok(Some(user).filter(|user| !user.disabled))
            }
            None => Ok(None),
        }
    }

    /// Whether a user may still do what they signed in for; if not, all that ends.
    pub(crate) async fn still_has(&self, server: &Server, id: &str) -> Result<bool, StoreError> {
        let Some(user) = server.store.user_by_id(id).await? else {
            return Ok(false);
        };
        let account = self.store.by_id(id).await.map_err(unavailable)?;
        let same = account.is_some_and(|account| {
            !account.disabled && account.key() == user.name_key && account.mark() == user.password
        });
        if !same {
            server.end_user(id).await?;
            audit!(info, "user gone, locked or with a new password", user = id);
        }
        Ok(same)
    }
}

/// Brings this server's row of a user up to date.
async fn settle(server: &Server, account: &Account) -> Result<UserRecord, StoreError> {
    account.check()?;
    let (key, mark) = (account.key(), account.mark());
    // Of two sign-ins at once one writes the row, and the other finds it.
    for _ in 0..3 {
        match server.store.user_by_name(&key).await? {
            Some(user) if user.password == mark => {
                if user.name != account.name {
                    server.store.rename_user(&user.id, &account.name).await?;
                }
                return Ok(user);
            }
            Some(user) => {
                let (now, until) = (server.now(), server.denied_until());
                server
                    .store
                    .change_password(&user, &mark, None, now, until)
                    .await?;
            }
            None => {
                let user = UserRecord {
                    id: account.id.clone(),
                    name: account.name.clone(),
                    name_key: key.clone(),
                    password: mark.clone(),
                    demo: None,
                    disabled: false,
                    created_at: server.now(),
                };
                server.store.add_user(&user).await?;
            }
        }
    }
    Err(StoreError::Corrupt(format!(
        "the id {:?} of your `UserStore` is that of another user",
        account.id
    )))
}

/// Removes those who signed in from elsewhere, where that is no longer a way to sign in.
pub(crate) async fn forget_outsiders(server: &Server) -> Result<(), StoreError> {
    for user in server.store.list_users().await? {
        if user.name_key.starts_with(KEY) {
            let (now, until) = (server.now(), server.denied_until());
            server.store.remove_user(&user.id, now, until).await?;
        }
    }
    Ok(())
}

fn unavailable(error: UserStoreError) -> StoreError {
    StoreError::Unavailable(format!("the application's users: {error}"))
}
