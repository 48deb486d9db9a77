//! The people who may sign in.

use super::{Millis, Reply};

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct UserRecord {
    /// The stable identifier, the `sub` of tokens.
    pub(crate) id: String,
    /// The name as it was given, to show.
    pub(crate) name: String,
    /// The name as it is compared.
    pub(crate) name_key: String,
    /// The password's PHC string.
    pub(crate) password: String,
    /// How a demo user got its password; `None` for a real user.
    pub(crate) demo: Option<String>,
    /// Whether the user may not sign in.
    pub(crate) disabled: bool,
    /// When the user was made.
    pub(crate) created_at: Millis,
}

impl UserRecord {
    /// Whether the user signs in by something else than a name and a password of this store. Blanks around typed names
    /// are cut off, so that nobody signs in by such a key.
    pub(crate) fn is_of_elsewhere(&self) -> bool {
        self.name_key.starts_with(' ')
    }
}

/// Verbs about users.
pub(crate) trait Users {
    /// Adds a user; `false` when the name is taken.
    fn add_user<'a>(&'a self, user: &'a UserRecord) -> Reply<'a, bool>;

    /// The user of that normalised name.
    fn user_by_name<'a>(&'a self, name_key: &'a str) -> Reply<'a, Option<UserRecord>>;

    /// The user of that id.
    fn user_by_id<'a>(&'a self, id: &'a str) -> Reply<'a, Option<UserRecord>>;

    /// All users, by name.
    fn list_users(&self) -> Reply<'_, Vec<UserRecord>>;

    /// Sets a password and its demo mark if the present hash is still `old`, and ends every session and grant.
    /// `false` when another process was faster.
    fn change_password<'a>(
        &'a self,
        user: &'a UserRecord,
        password: &'a str,
        demo: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool>;

    /// Replaces the hash of an unchanged password by a stronger one; `false` when it is another by now.
    fn strengthen_hash<'a>(&'a self, id: &'a str, old: &'a str, new: &'a str) -> Reply<'a, bool>;

    /// Shows a user under another name from now on.
    fn rename_user<'a>(&'a self, id: &'a str, name: &'a str) -> Reply<'a, ()>;

    /// Keeps what a provider said of a user, JSON, in place of what it said before.
    fn keep_claims<'a>(&'a self, user_id: &'a str, claims: &'a str) -> Reply<'a, ()>;

    /// What a provider said of a user at last, if it was kept.
    fn claims<'a>(&'a self, user_id: &'a str) -> Reply<'a, Option<String>>;

    /// Ends every session and grant of a user.
    fn end_everything<'a>(
        &'a self,
        user_id: &'a str,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, ()>;

    /// Lets a user sign in no more, and ends every session and grant; or lets them sign in again. `false` when there is
    /// none.
    fn set_disabled<'a>(
        &'a self,
        id: &'a str,
        disabled: bool,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool>;

    /// Removes a user with its sessions and grants; `false` when there is none.
    fn remove_user<'a>(&'a self, id: &'a str, now: Millis, denied_until: Millis)
    -> Reply<'a, bool>;
}
