//! The programs that registered themselves.

use super::{Millis, Reply};

/// A registered client.
#[derive(Debug, Clone)]
pub(crate) struct ClientRecord {
    /// The `client_id`.
    pub(crate) id: String,
    /// The digest of its secret; `None` for a public client.
    pub(crate) secret: Option<String>,
    /// The registered metadata, JSON.
    pub(crate) metadata: String,
    /// When it registered.
    pub(crate) created_at: Millis,
}

/// Verbs about clients.
pub(crate) trait Clients {
    /// Adds a client. Where there are `cap` already, the oldest one that nobody ever used makes room; `false` when all
    /// were used.
    fn add_client<'a>(&'a self, client: &'a ClientRecord, cap: i64) -> Reply<'a, bool>;

    /// The client of that id.
    fn client<'a>(&'a self, id: &'a str) -> Reply<'a, Option<ClientRecord>>;
}
