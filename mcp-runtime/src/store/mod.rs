//! What must outlive a request: users, clients, grants, tokens, keys, counters.
//!
//! One trait of atomic verbs per concern, never "find, then write": two processes on one database, or two requests
//! in one process, get exactly one winner. A refusal that must persist (the reuse of a token) is committed before
//! the verb answers. Whatever a holder could present arrives here as a digest already.
//!
//! A new family of verbs is a trait in a file here, a bound of [`Store`], a file in `sql/` with its SQL, and a
//! `sql/schema_N.sql` with its tables.

// The verbs of an administrator are there whether or not a command line calls them.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]

mod clients;
mod flow;
mod grants;
mod keys;
mod sql;
mod users;
mod vault;

use std::fmt;
use std::path::Path;

use futures_util::future::BoxFuture;

use crate::dispatch::TaskRecords;

pub(crate) use clients::{ClientRecord, Clients};
pub(crate) use flow::{
    Approval, Flow, Kept, Proof, Retention, SessionRecord, Transaction, Waiting,
};
pub(crate) use grants::{
    CodeRecord, Grant, GrantLine, Grants, Past, Redeemed, RefreshRecord, Retry, Rotated,
};
pub(crate) use keys::{KeyRecord, Keys, Revocation};
pub(crate) use sql::{Sql, write_private};
pub(crate) use users::{UserRecord, Users};

/// Milliseconds since 1970, UTC.
pub(crate) type Millis = i64;

/// What a verb answers with.
pub(crate) type Reply<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Everything that the authorization server keeps.
pub(crate) trait Store:
    Backend + Users + Clients + Flow + Grants + Keys + TaskRecords + Send + Sync + 'static
{
}

impl<T: Backend + Users + Clients + Flow + Grants + Keys + TaskRecords + Send + Sync + 'static>
    Store for T
{
}

/// What a store is, and what it is to those who share it.
pub(crate) trait Backend {
    /// Where it is, for people.
    fn place(&self) -> String;

    /// Its file, if it is one.
    fn path(&self) -> Option<&Path>;

    /// What time it has, if that need not be this machine's.
    fn time(&self) -> Reply<'_, Option<Millis>>;

    /// Waits until another process says that revocations or keys changed; forever where none can.
    fn changed(&self) -> BoxFuture<'_, ()>;
}

/// Why a verb gave no answer. It says nothing about what was presented: never answer it as a bad credential.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// The database cannot be reached or is too busy; the same request may succeed later.
    Unavailable(String),
    /// The database holds something that this program did not write.
    Corrupt(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Self::Corrupt(why) => write!(f, "the store holds what it should not: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
