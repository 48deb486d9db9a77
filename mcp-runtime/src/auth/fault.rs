//! How an OAuth endpoint says no: a status, a code of the registry, a sentence.

use std::borrow::Cow;

use crate::store::StoreError;

/// A refusal by an endpoint (RFC 6749 §5.2, RFC 7591 §3.2.2, RFC 8707 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The `error` code.
    pub(crate) error: &'static str,
    /// The `error_description`; holds nothing that the caller sent.
    pub(crate) description: Cow<'static, str>,
    /// Seconds until a retry makes sense.
    pub(crate) retry_after: Option<u32>,
    /// Whether the caller used the `Basic` scheme and is told so again.
    pub(crate) basic: bool,
    /// Whether a bearer token is what is missing (RFC 6750 §3).
    pub(crate) bearer: bool,
}

impl Fault {
    /// A 400 with this code.
    pub(crate) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        Self {
            status: 400,
            error,
            description,
            retry_after: None,
            basic: false,
            bearer: false,
        }
    }

    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(crate) fn invalid_grant() -> Self {
        // One sentence for every reason: which one it was helps only an attacker.
        Self::new(
            "invalid_grant",
            "the code or refresh token is unknown, expired, used or not yours",
        )
    }

    /// Client authentication failed (RFC 6749 §5.2). Unknown client and wrong secret look alike.
    pub(crate) fn invalid_client(basic: bool) -> Self {
        let description = "the client is unknown or did not authenticate as it registered";
        Self {
            status: 401,
            basic,
            ..Self::new("invalid_client", description)
        }
    }

    /// Too busy, or the store is away; the same request may succeed later.
    pub(crate) fn unavailable(retry_after: u32) -> Self {
        Self {
            status: 503,
            retry_after: Some(retry_after),
            ..Self::new("temporarily_unavailable", "try again in a moment")
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        // Never `invalid_grant`: hosts throw good credentials away on that.
        tracing::error!(%error, "an OAuth request failed on the store");
        Self::unavailable(5)
    }
}
