//! Keys, and what resource servers must refuse.

use std::fmt;

use super::{Millis, Reply};

/// A key of the server's own.
#[derive(Clone)]
pub(crate) struct KeyRecord {
    /// The `kid`.
    pub(crate) id: String,
    /// What it is for: `sign` or `derive`.
    pub(crate) purpose: String,
    /// The how-manieth of its purpose, from 1.
    pub(crate) generation: i64,
    /// The key, base64url: PKCS#8 for `sign`, 32 bytes for `derive`. The store may keep it sealed.
    pub(crate) secret: String,
    /// From when it is used; published before.
    pub(crate) active_from: Millis,
    /// From when nothing that it made is accepted.
    pub(crate) expires_at: Option<Millis>,
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An entry of the list of what is refused although its signature is good.
#[derive(Debug, Clone)]
pub(crate) struct Revocation {
    /// A grant's id or a token's `jti`.
    pub(crate) subject: String,
    /// When no token of it can be alive any more.
    pub(crate) expires_at: Millis,
}

/// Verbs about keys and revocations.
pub(crate) trait Keys {
    /// Adds a key unless one of its purpose and generation exists, whoever wrote it; `true` if it was added.
    fn put_key_if_absent<'a>(&'a self, key: &'a KeyRecord) -> Reply<'a, bool>;

    /// The keys that are not expired, oldest first.
    fn keys<'a>(&'a self, purpose: &'a str, now: Millis) -> Reply<'a, Vec<KeyRecord>>;

    /// Adds the next generation and lets all earlier ones end at `old_until`; `false` when another process was faster.
    fn rotate_key<'a>(&'a self, key: &'a KeyRecord, old_until: Millis) -> Reply<'a, bool>;

    /// Refuses a grant or a single token from now on.
    fn deny<'a>(&'a self, subject: &'a str, now: Millis, denied_until: Millis) -> Reply<'a, ()>;

    /// What is refused now and was not before `since`.
    fn revocations(&self, since: Millis, now: Millis) -> Reply<'_, Vec<Revocation>>;
}
