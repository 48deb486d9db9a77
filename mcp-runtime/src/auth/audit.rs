//! The audit trail: what happened to accounts, clients, grants and keys, as events of the log.
//!
//! Target `mcp_runtime::audit`; each event has `event`, what it is about (`user`, `client`, `grant`, …), and who caused
//! it: `address` and `request`. No event holds a secret, or a name that was typed at the login: people type passwords
//! there.

use std::net::IpAddr;

tokio::task_local! {
    static CALLER: Caller;
}

/// Who sent the request that is being served.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The address that attempts are counted by.
    pub(crate) address: Option<IpAddr>,
    /// The request's id: the one that a trusted proxy gave it, else ours.
    pub(crate) request: String,
}

impl Caller {
    /// Serves a request of this caller's.
    pub(crate) async fn scope<F: Future>(self, request: F) -> F::Output {
        CALLER.scope(self, request).await
    }

    /// The caller of the request that is being served, if it is one.
    pub(crate) fn current() -> Option<Self> {
        CALLER.try_with(Self::clone).ok()
    }

    /// The address, to show.
    pub(crate) fn shown(&self) -> String {
        self.address
            .map_or_else(|| "unknown".into(), |address| address.to_string())
    }
}

/// Records an event: `audit!(info, "consent", user = id, client = id)`.
macro_rules! audit {
    ($level:ident, $event:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match $crate::auth::audit::Caller::current() {
            Some(caller) => tracing::$level!(target: "mcp_runtime::audit", event = $event, $($name = $value,)*
                address = caller.shown(), request = caller.request),
            None => tracing::$level!(target: "mcp_runtime::audit", event = $event, $($name = $value,)*
                address = "local"),
        }
    };
}
pub(crate) use audit;
