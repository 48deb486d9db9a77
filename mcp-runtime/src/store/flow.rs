//! What lives while a user signs in: frozen requests, browser sessions, counters of failures.

use super::{CodeRecord, Grant, Millis, Reply};

/// An authorization request that waits for its user.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    /// The digest of the handle in the page.
    pub(crate) handle: String,
    /// The digest of the cookie of the browser that asked.
    pub(crate) browser: String,
    /// The request, JSON, as it was validated.
    pub(crate) request: String,
    /// Until when it may be answered.
    pub(crate) expires_at: Millis,
    /// A digest of the address that asked.
    pub(crate) origin: String,
}

/// How many requests may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// From everywhere.
    pub(crate) in_all: i64,
    /// From one origin.
    pub(crate) per_origin: i64,
}

/// Whether a request was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It waits.
    Yes,
    /// Too many wait.
    Full,
    /// Too many of its origin wait.
    FullHere,
}

/// A signed-in browser.
#[derive(Debug, Clone)]
pub(crate) struct SessionRecord {
    /// The digest of the cookie.
    pub(crate) handle: String,
    /// Whose session it is.
    pub(crate) user_id: String,
    /// When it ends.
    pub(crate) expires_at: Millis,
}

/// Verbs about signing in.
pub(crate) trait Flow {
    /// Keeps a request, unless too many others wait already.
    fn put_transaction<'a>(
        &'a self,
        transaction: &'a Transaction,
        most: Waiting,
        now: Millis,
    ) -> Reply<'a, Kept>;

    /// The request of that handle, if it is still open.
    fn transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, Option<Transaction>>;

    /// Closes a request; of several callers exactly one gets `true`.
    fn take_transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, bool>;

    /// Closes a request and writes the grant, its code and, after a login, the new session, all or nothing. `false` when
    /// the request was closed before, the user is gone or disabled, or the proof no longer holds.
    fn approve<'a>(&'a self, approval: Approval<'a>, now: Millis) -> Reply<'a, bool>;

    /// The open session of that handle whose user may still sign in, with the user's name.
    fn session<'a>(
        &'a self,
        handle: &'a str,
        now: Millis,
    ) -> Reply<'a, Option<(SessionRecord, String)>>;

    /// Begins a session outside of any request, in place of another one if there is one. `false` when the user is gone or
    /// disabled, or the password's hash is no longer this one.
    fn begin_session<'a>(
        &'a self,
        session: &'a SessionRecord,
        replaced: Option<&'a str>,
        password: &'a str,
        now: Millis,
    ) -> Reply<'a, bool>;

    /// Ends a session.
    fn end_session<'a>(&'a self, handle: &'a str) -> Reply<'a, ()>;

    /// Whether a grant lives by which this user lets this client have this redirect URI.
    fn approved_before<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        redirect_uri: &'a str,
        now: Millis,
    ) -> Reply<'a, bool>;

    /// Adds to a counter that forgets after `window` milliseconds; the count, and when it forgets.
    fn bump_counter<'a>(
        &'a self,
        name: &'a str,
        by: i64,
        window: i64,
        now: Millis,
    ) -> Reply<'a, (i64, Millis)>;

    /// Forgets a counter.
    fn clear_counter<'a>(&'a self, name: &'a str) -> Reply<'a, ()>;

    /// Deletes at most `batch` rows per table that nothing can use any more; how many went.
    fn collect_expired(&self, limits: Retention, batch: i64) -> Reply<'_, u64>;
}

/// What an approval writes.
pub(crate) struct Approval<'a> {
    /// The digest of the request's handle.
    pub(crate) handle: &'a str,
    /// The grant.
    pub(crate) grant: &'a Grant,
    /// A digest of what its client said of itself.
    pub(crate) client_face: &'a str,
    /// Its code.
    pub(crate) code: &'a CodeRecord,
    /// What the approval rests on; it must still hold.
    pub(crate) by: Proof<'a>,
    /// The session that the login began, and the digest of the one that it replaces.
    pub(crate) session: Option<(&'a SessionRecord, Option<&'a str>)>,
}

/// How this server knows who approves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// By the password of this hash.
    Password(&'a str),
    /// By the session of this handle.
    Session(&'a str),
}

/// What [`Flow::collect_expired`] may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    /// The present.
    pub(crate) now: Millis,
    /// Clients that registered before this and were never used may go.
    pub(crate) unused_clients_before: Millis,
    /// Clients without a grant that were last used before this may go.
    pub(crate) idle_clients_before: Millis,
    /// Codes and grants that ended before this may go; until then a replay is still recognised.
    pub(crate) ended_before: Millis,
}
