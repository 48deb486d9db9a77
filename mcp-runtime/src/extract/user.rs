//! The signed-in user, as a tool sees it.

use std::fmt;

/// The user on whose behalf a call is made. Take it as `&User` where a signed-in user is a must,
/// as `Option<&User>` where the tool also works without one.
///
/// ```
/// use mcp_runtime::User;
/// let user = User::named("alice");
/// assert_eq!(user.name(), "alice");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    id: String,
    name: String,
    // `None` for a user whom no token vouches for: the command line's and stdio's, who may do everything.
    scopes: Option<Vec<String>>,
    client_id: Option<String>,
    /// Whether the caller's token is bound to a key (RFC 9449).
    bound: bool,
}

impl User {
    /// A user of that name whose id is the name too: for tests and for the command line.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: name.clone(),
            name,
            scopes: None,
            client_id: None,
            bound: false,
        }
    }

    /// A user with the stable id (the token's `sub`) and the name to show.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            scopes: None,
            client_id: None,
            bound: false,
        }
    }

    /// The same user with the scopes that the caller's token grants.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// The same user, calling through this OAuth client.
    #[must_use]
    pub fn with_client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The same user, calling with a token that is bound to a key, or with one that is not.
    #[cfg(any(feature = "auth", feature = "fetch"))]
    pub(crate) fn with_bound(mut self, bound: bool) -> Self {
        self.bound = bound;
        self
    }

    /// Whether the caller's token is bound to a key.
    #[cfg(any(feature = "auth", feature = "fetch"))]
    pub(crate) fn is_bound(&self) -> bool {
        self.bound
    }

    /// The stable identifier, the token's `sub`: use it as a key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scopes that the caller's token grants, with those that they imply.
    pub fn scopes(&self) -> &[String] {
        self.scopes.as_deref().unwrap_or_default()
    }

    /// Whether a token limits what the user may do here.
    pub(crate) fn is_scoped(&self) -> bool {
        self.scopes.is_some()
    }

    /// Whether the token grants this scope. A user of the command line or of stdio has them all.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|scopes| scopes.iter().any(|s| s == scope))
    }

    /// The OAuth client through which the user calls, if a token said so.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Names who calls: the user and the client through which it is done. No two callers share a name, whatever an
    /// outside issuer puts into its ids.
    pub(crate) fn caller(user: Option<&Self>) -> String {
        user.map_or_else(String::new, |user| {
            let (id, client) = (user.id(), user.client_id().unwrap_or_default());
            format!("{} {id} {client}", id.len())
        })
    }

    /// The part of such a name that all clients of one user have in common, and no other user's.
    pub(crate) fn of_caller(caller: &str) -> &str {
        let user = || {
            let (length, rest) = caller.split_once(' ')?;
            let blank = length.len() + 1;
            caller.get(..blank + length.parse::<usize>().ok()?.min(rest.len()) + 1)
        };
        user().unwrap_or(caller)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<&str> for User {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl From<String> for User {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_users_callers_have_in_common_is_no_other_users() {
        let caller = |id: &str, client: &str| {
            let user = User::new(id, "x").with_client(client);
            User::caller(Some(&user))
        };
        let of = |id, client| User::of_caller(&caller(id, client)).to_owned();
        assert_eq!(of("alice", "one"), of("alice", "two with blanks"));
        for other in ["alic", "alice ", "alice one", "é", ""] {
            let (alice, other) = (of("alice", ""), caller(other, "one"));
            assert!(!other.starts_with(&alice), "{alice:?} {other:?}");
        }
        assert_eq!(of("é b", "c"), "4 é b ");
        assert_eq!(User::of_caller(""), "");
    }
}
