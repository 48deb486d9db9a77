//! What the transport asks on each request: who calls, and may they.

use std::sync::Arc;

#[cfg(feature = "fetch")]
use super::outside::Outside;
#[cfg(feature = "auth")]
use super::server::Server;
use crate::dispatch::Shared;
use crate::extract::User;

/// The check of every request; cheap to clone.
#[derive(Clone)]
pub(crate) struct Guard(Kind);

#[derive(Clone)]
enum Kind {
    /// With what the processes on one store have in common, where a store was opened for it.
    Open(Option<Shared>),
    #[cfg(feature = "auth")]
    Embedded(Arc<Server>),
    #[cfg(feature = "fetch")]
    Outside(Arc<Outside>),
}

/// What a request says of its caller.
#[derive(Clone, Copy, Default)]
#[cfg_attr(not(feature = "auth"), allow(dead_code))]
pub(crate) struct Credentials<'a> {
    /// The values of all its `Authorization` headers.
    pub(crate) authorization: &'a [&'a [u8]],
    /// The values of all its `DPoP` headers.
    pub(crate) proofs: &'a [&'a [u8]],
    pub(crate) method: &'a str,
}

/// Why a request is not served, as HTTP says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status: 400, 401, 403 or 503.
    pub(crate) status: u16,
    /// The value of `WWW-Authenticate`.
    pub(crate) challenge: Option<String>,
    /// The value of `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// The `error` code of RFC 6750 §3.1; empty where no credential was sent.
    pub(crate) error: &'static str,
    /// A sentence for people.
    pub(crate) description: String,
}

impl Guard {
    /// Lets everyone pass, as nobody.
    pub(crate) fn open(shared: Option<Shared>) -> Self {
        Self(Kind::Open(shared))
    }

    /// Whether everyone passes: then nothing that a caller says of itself is looked at.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.0, Kind::Open(_))
    }

    /// What this process has in common with others, if there is a store.
    pub(crate) fn shared(&self) -> Option<Shared> {
        match &self.0 {
            Kind::Open(shared) => shared.clone(),
            #[cfg(feature = "fetch")]
            Kind::Outside(outside) => outside.shared(),
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => Some(server.shared()),
        }
    }

    #[cfg(feature = "auth")]
    pub(crate) fn embedded(server: Arc<Server>) -> Self {
        Self(Kind::Embedded(server))
    }

    #[cfg(feature = "fetch")]
    pub(crate) fn of_outside(outside: Arc<Outside>) -> Self {
        Self(Kind::Outside(outside))
    }

    /// The outside issuer's side of it, if tokens come from there.
    #[cfg(feature = "fetch")]
    pub(crate) fn outside(&self) -> Option<&Arc<Outside>> {
        match &self.0 {
            Kind::Outside(outside) => Some(outside),
            _ => None,
        }
    }

    /// The server behind it, if there is one.
    #[cfg(feature = "auth")]
    pub(crate) fn server(&self) -> Option<&Arc<Server>> {
        match &self.0 {
            Kind::Embedded(server) => Some(server),
            _ => None,
        }
    }

    /// The caller of a request; `None` where everyone may call.
    ///
    /// A token that was seen before costs a digest and a look-up. (Asynchronous for the modes that must ask another
    /// server; this one never waits.)
    ///
    /// # Errors
    /// The answer to give instead: 400, 401, or 403 without the base scope.
    #[cfg_attr(not(feature = "auth"), allow(unused_variables))]
    pub(crate) async fn authenticate(
        &self,
        request: Credentials<'_>,
    ) -> Result<Option<Arc<User>>, Refusal> {
        match &self.0 {
            Kind::Open(_) => Ok(None),
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => server.authenticate(request).await.map(Some),
            #[cfg(feature = "fetch")]
            Kind::Outside(outside) => outside.authenticate(request).await.map(Some),
        }
    }

    /// Whether a caller who was let in by this `Authorization` would still be; a proof beside it is not asked for again.
    #[cfg_attr(not(feature = "auth"), allow(unused_variables))]
    pub(crate) async fn still_admits(&self, authorization: &[u8]) -> bool {
        match &self.0 {
            Kind::Open(_) => true,
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => server.still_admits(authorization).await,
            #[cfg(feature = "fetch")]
            Kind::Outside(outside) => outside.still_admits(authorization).await,
        }
    }

    /// The nonce for the next proof of a client, where nonces are asked for.
    pub(crate) fn proof_nonce(&self) -> Option<String> {
        match &self.0 {
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => server.proof_nonce(),
            _ => None,
        }
    }

    /// The 403 for an operation that needs scopes which the caller's token lacks; it names all that the operation
    /// needs, the base scope too, so that one more consent is enough.
    #[cfg_attr(not(feature = "auth"), allow(unused_variables))]
    pub(crate) fn step_up(&self, needed: &[&str], user: &User) -> Option<Refusal> {
        match &self.0 {
            Kind::Open(_) => None,
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => server.gate.step_up(needed, user),
            #[cfg(feature = "fetch")]
            Kind::Outside(outside) => outside.step_up(needed, user),
        }
    }

    /// What the start banner says about it: the mode, the store, and passwords that were made at this start.
    pub(crate) fn banner_lines(&self) -> Vec<String> {
        match &self.0 {
            Kind::Open(_) => {
                vec!["auth    none: everyone who reaches the endpoint may call".into()]
            }
            #[cfg(feature = "auth")]
            Kind::Embedded(server) => server.banner_lines(),
            #[cfg(feature = "fetch")]
            Kind::Outside(outside) => outside.banner_lines(),
        }
    }
}
