//! What every check of a token needs, whoever issued it: tokens that were verified before, tokens that are revoked, and
//! the words in which a refusal tells a client what to do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::access_token::LONGEST;
use super::dpop::{self, Flaw, Nonces, Proof};
use super::jose::ALGORITHMS;
use super::secret::same;
use super::{Credentials, Refusal, Site};
use crate::extract::User;
use crate::store::{Millis, Revocation};

/// Verified tokens are kept in parts, so that workers seldom meet.
const SHARDS: usize = 16;
const PER_SHARD: usize = 1024;

/// What is known about tokens: which are good, which are revoked, and the texts of refusals.
pub(crate) struct Gate {
    metadata: String,
    resource: String,
    base: String,
    tokens: Vec<RwLock<HashMap<[u8; 32], Arc<Verified>>>>,
    /// Grants and token ids, each with the moment when no token of it can be alive.
    denied: RwLock<HashMap<String, Millis>>,
}

/// The credential of a request.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'a> {
    pub(crate) token: &'a [u8],
    scheme: Scheme,
}

/// How a token was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    /// With a proof of its key (RFC 9449 §7.1).
    DPoP,
}

/// What a good token says.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) user: Arc<User>,
    /// The thumbprint of the key to which the token is bound.
    pub(crate) key: Option<Arc<str>>,
}

/// A token that is good.
pub(crate) struct Verified {
    pub(crate) known: Known,
    pub(crate) grant: String,
    pub(crate) id: String,
    pub(crate) expires_at: Millis,
}

impl Gate {
    pub(crate) fn new(site: &Site, base_scope: &str) -> Self {
        Self {
            metadata: super::metadata::resource_metadata_url(site),
            resource: site.resource(),
            base: base_scope.to_owned(),
            tokens: (0..SHARDS).map(|_| RwLock::default()).collect(),
            denied: RwLock::default(),
        }
    }

    /// Refuses a grant or a token from now on.
    pub(crate) fn deny(&self, subject: &str, until: Millis) {
        let mut denied = self.denied.write().unwrap_or_else(PoisonError::into_inner);
        denied.insert(subject.to_owned(), until);
        self.drop_tokens(|token| token.grant == subject || token.id == subject);
    }

    /// Refuses all of these too.
    pub(crate) fn deny_all(&self, revocations: Vec<Revocation>, now: Millis) {
        let mut denied = self.denied.write().unwrap_or_else(PoisonError::into_inner);
        denied.retain(|_, until| *until > now);
        let before = denied.len();
        denied.extend(revocations.into_iter().map(|r| (r.subject, r.expires_at)));
        if denied.len() > before {
            self.drop_tokens(|t| denied.contains_key(&t.grant) || denied.contains_key(&t.id));
        }
    }

    /// Whether a grant or a token is refused.
    pub(crate) fn denies(&self, grant: &str, id: &str) -> bool {
        let denied = self.denied.read().unwrap_or_else(PoisonError::into_inner);
        denied.contains_key(grant) || denied.contains_key(id)
    }

    /// Verifies every token anew.
    pub(crate) fn forget_tokens(&self) {
        self.drop_tokens(|_| true);
    }

    pub(crate) fn forget(&self, digest: &[u8; 32]) {
        let shard = self.shard(digest).write();
        shard.unwrap_or_else(PoisonError::into_inner).remove(digest);
    }

    fn drop_tokens(&self, which: impl Fn(&Verified) -> bool) {
        for shard in &self.tokens {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, token| !which(token));
        }
    }

    pub(crate) fn seen(&self, digest: &[u8; 32], now: Millis) -> Option<Known> {
        let shard = self
            .shard(digest)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        shard
            .get(digest)
            .filter(|token| token.expires_at > now)
            .map(|token| token.known.clone())
    }

    /// Keeps a token unless it is refused. The list stays locked meanwhile: a revocation that comes now waits, and
    /// then finds the token among those to drop.
    pub(crate) fn keep(&self, digest: [u8; 32], token: Verified, now: Millis) -> bool {
        let denied = self.denied.read().unwrap_or_else(PoisonError::into_inner);
        if denied.contains_key(&token.grant) || denied.contains_key(&token.id) {
            return false;
        }
        let mut shard = self
            .shard(&digest)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= PER_SHARD {
            shard.retain(|_, token| token.expires_at > now);
            if shard.len() >= PER_SHARD {
                shard.clear();
            }
        }
        shard.insert(digest, Arc::new(token));
        true
    }

    fn shard(&self, digest: &[u8; 32]) -> &RwLock<HashMap<[u8; 32], Arc<Verified>>> {
        &self.tokens[usize::from(digest[0]) % SHARDS]
    }

    /// The token of a request, by all values of its `Authorization` headers.
    ///
    /// # Errors
    /// 401 where there is none or it is too long, 400 where there are two.
    pub(crate) fn credential<'a>(
        &self,
        authorization: &[&'a [u8]],
    ) -> Result<Credential<'a>, Refusal> {
        let value = match authorization {
            [] => {
                let text = "sign in to call this server";
                return Err(self.unauthenticated(Scheme::Bearer, "", text));
            }
            [value] => value,
            _ => {
                return Err(Refusal {
                    status: 400,
                    challenge: None,
                    retry_after: None,
                    error: "invalid_request",
                    description: "send one `Authorization` header".into(),
                });
            }
        };
        let sent = |scheme: Scheme| {
            let token = after(scheme.name(), value)?;
            Some(Credential { token, scheme })
        };
        match sent(Scheme::Bearer).or_else(|| sent(Scheme::DPoP)) {
            None => Err(self.unauthenticated(Scheme::Bearer, "", "send a bearer token")),
            Some(sent) if sent.token.len() > LONGEST => Err(self.bad_token(&sent)),
            Some(sent) => Ok(sent),
        }
    }

    /// The proof that goes with a token, where the token is bound to a key; it is still to be used up.
    ///
    /// # Errors
    /// 401 where the token was sent in another way than it must be, or the proof is none.
    pub(crate) fn possession(
        &self,
        sent: &Credential<'_>,
        known: &Known,
        request: &Credentials<'_>,
        nonces: Option<Nonces<'_>>,
        now: Millis,
    ) -> Result<Option<Proof>, Refusal> {
        let key = match (sent.scheme, &known.key) {
            (Scheme::Bearer, None) => return Ok(None),
            (Scheme::DPoP, Some(key)) => key,
            _ => return Err(self.wrong_scheme(known)),
        };
        let expected = dpop::Request {
            method: request.method,
            url: &self.resource,
            token: Some(sent.token),
            nonces,
            now,
        };
        let proof = expected.proof(request.proofs).and_then(|proof| {
            let proof = proof.filter(|proof| same(&proof.key, key));
            proof.ok_or(Flaw::Proof)
        });
        proof.map(Some).map_err(|flaw| self.bad_proof(flaw))
    }

    /// Whether a token was sent in the way in which it must be.
    pub(crate) fn is_sent_rightly(sent: &Credential<'_>, known: &Known) -> bool {
        (sent.scheme == Scheme::DPoP) == known.key.is_some()
    }

    /// Lets a user pass who has the scope that every request needs.
    pub(crate) fn admit(&self, user: Arc<User>) -> Result<Arc<User>, Refusal> {
        if self.base.is_empty() || user.has_scope(&self.base) {
            return Ok(user);
        }
        Err(self.insufficient(&self.base, &user))
    }

    /// The refusal of a token that is not good, whatever is wrong with it.
    pub(crate) fn bad_token(&self, sent: &Credential<'_>) -> Refusal {
        self.unauthenticated(
            sent.scheme,
            "invalid_token",
            "the access token is malformed, expired, revoked or not for this server",
        )
    }

    /// The refusal of a proof.
    pub(crate) fn bad_proof(&self, flaw: Flaw) -> Refusal {
        self.unauthenticated(Scheme::DPoP, flaw.code(), flaw.words())
    }

    /// The refusal of a bound token without its proof, which a thief sends, and of a proof beside any other token.
    fn wrong_scheme(&self, known: &Known) -> Refusal {
        match known.key {
            Some(_) => self.unauthenticated(
                Scheme::DPoP,
                "invalid_token",
                "the access token is bound to a key: send it with the scheme DPoP and a proof",
            ),
            None => self.unauthenticated(
                Scheme::Bearer,
                "invalid_token",
                "the access token is bound to no key: send it as a bearer token",
            ),
        }
    }

    /// 401 (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1). Without a credential no error is named.
    fn unauthenticated(&self, scheme: Scheme, error: &'static str, description: &str) -> Refusal {
        let (algorithms, scheme) = (scheme.algorithms(), scheme.name());
        let named = match error {
            "" => String::new(),
            error => format!(r#"error="{error}", error_description="{description}", "#),
        };
        let scope = match self.base.as_str() {
            "" => String::new(),
            base => format!(r#", scope="{base}""#),
        };
        Refusal {
            status: 401,
            challenge: Some(format!(
                r#"{scheme} {named}{algorithms}resource_metadata="{}"{scope}"#,
                self.metadata
            )),
            retry_after: None,
            error,
            description: description.to_owned(),
        }
    }

    /// 403 with everything that the operation needs, in the scheme of the caller's token (RFC 9449 §7.1).
    fn insufficient(&self, scopes: &str, user: &User) -> Refusal {
        let scheme = match user.is_bound() {
            true => Scheme::DPoP,
            false => Scheme::Bearer,
        };
        let (algorithms, scheme) = (scheme.algorithms(), scheme.name());
        let description = "the token lacks a scope that this operation needs";
        Refusal {
            status: 403,
            challenge: Some(format!(
                r#"{scheme} error="insufficient_scope", error_description="{description}", {algorithms}resource_metadata="{}", scope="{scopes}""#,
                self.metadata
            )),
            retry_after: None,
            error: "insufficient_scope",
            description: description.to_owned(),
        }
    }

    /// The refusal of an operation for which the caller's token is too narrow.
    pub(crate) fn step_up(&self, needed: &[&str], user: &User) -> Option<Refusal> {
        if needed.iter().all(|scope| user.has_scope(scope)) {
            return None;
        }
        let mut scopes: Vec<&str> = Vec::from_iter((!self.base.is_empty()).then_some(&*self.base));
        for scope in needed {
            if !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        Some(self.insufficient(&scopes.join(" "), user))
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::DPoP => "DPoP",
        }
    }

    /// What a challenge of this scheme says of proofs.
    fn algorithms(self) -> String {
        match self {
            Self::Bearer => String::new(),
            Self::DPoP => format!(r#"algs="{}", "#, ALGORITHMS.join(" ")),
        }
    }
}

/// The token of a `Bearer` credential.
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    after(Scheme::Bearer.name(), value)
}

/// What follows a scheme, whose case does not matter (RFC 9110 §11.1).
fn after<'a>(scheme: &str, value: &'a [u8]) -> Option<&'a [u8]> {
    let (named, token) = value.split_at_checked(scheme.len())?;
    if !named.eq_ignore_ascii_case(scheme.as_bytes()) {
        return None;
    }
    let token = token.strip_prefix(b" ")?.trim_ascii();
    (!token.is_empty()).then_some(token)
}
