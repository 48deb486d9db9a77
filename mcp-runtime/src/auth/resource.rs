//! The resource server: whether a request's token is good, and how a refusal tells a client what to do.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};

use super::access_token::{self, LONGEST};
use super::keys::KeySet;
use super::server::Server;
use super::{Refusal, Site};
use crate::extract::User;
use crate::store::{Millis, Revocation};

/// Verified tokens are kept in parts, so that workers seldom meet.
const SHARDS: usize = 16;
const PER_SHARD: usize = 1024;

/// What is known about tokens: which are good, which are revoked, and the texts of refusals.
pub(crate) struct Gate {
    metadata: String,
    base: String,
    tokens: Vec<RwLock<HashMap<[u8; 32], Arc<Verified>>>>,
    /// Grants and token ids, each with the moment when no token of it can be alive.
    denied: RwLock<HashMap<String, Millis>>,
}

struct Verified {
    user: Arc<User>,
    grant: String,
    id: String,
    expires_at: Millis,
}

impl Gate {
    pub(crate) fn new(site: &Site, base_scope: &str) -> Self {
        Self {
            metadata: super::metadata::resource_metadata_url(site),
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

    fn forget(&self, digest: &[u8; 32]) {
        let shard = self.shard(digest).write();
        shard.unwrap_or_else(PoisonError::into_inner).remove(digest);
    }

    fn drop_tokens(&self, which: impl Fn(&Verified) -> bool) {
        for shard in &self.tokens {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, token| !which(token));
        }
    }

    fn seen(&self, digest: &[u8; 32], now: Millis) -> Option<Arc<User>> {
        let shard = self
            .shard(digest)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        shard
            .get(digest)
            .filter(|token| token.expires_at > now)
            .map(|token| token.user.clone())
    }

    /// Keeps a token unless it is refused. The list stays locked meanwhile: a revocation that comes now waits, and
    /// then finds the token among those to drop.
    fn keep(&self, digest: [u8; 32], token: Verified, now: Millis) -> bool {
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

    /// 401 (RFC 6750 §3, RFC 9728 §5.1). Without a credential no error is named.
    fn unauthenticated(&self, error: &'static str, description: &str) -> Refusal {
        let named = match error {
            "" => String::new(),
            error => format!(r#"error="{error}", error_description="{description}", "#),
        };
        Refusal {
            status: 401,
            challenge: Some(format!(
                r#"Bearer {named}resource_metadata="{}", scope="{}""#,
                self.metadata, self.base
            )),
            retry_after: None,
            error,
            description: description.to_owned(),
        }
    }

    /// 403 with everything that the operation needs.
    fn insufficient(&self, scopes: &str) -> Refusal {
        let description = "the token lacks a scope that this operation needs";
        Refusal {
            status: 403,
            challenge: Some(format!(
                r#"Bearer error="insufficient_scope", error_description="{description}", resource_metadata="{}", scope="{scopes}""#,
                self.metadata
            )),
            retry_after: None,
            error: "insufficient_scope",
            description: description.to_owned(),
        }
    }
}

impl Server {
    /// The caller of a request, by all values of its `Authorization` headers.
    pub(crate) async fn authenticate(&self, authorization: &[&[u8]]) -> Result<Arc<User>, Refusal> {
        let value = match authorization {
            [] => return Err(self.gate.unauthenticated("", "sign in to call this server")),
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
        let bad = || {
            self.gate.unauthenticated(
                "invalid_token",
                "the access token is malformed, expired, revoked or not for this server",
            )
        };
        let Some(token) = bearer(value) else {
            return Err(self.gate.unauthenticated("", "send a bearer token"));
        };
        if token.len() > LONGEST {
            return Err(bad());
        }
        let now = self.now();
        let digest: [u8; 32] = Sha256::digest(token).into();
        let user = match self.gate.seen(&digest, now) {
            Some(user) => user,
            None => self.verify(token, digest, now).await.ok_or_else(bad)?,
        };
        if !user.has_scope(&self.gate.base) {
            return Err(self.gate.insufficient(&self.gate.base));
        }
        Ok(user)
    }

    async fn verify(&self, token: &[u8], digest: [u8; 32], now: Millis) -> Option<Arc<User>> {
        let token = std::str::from_utf8(token).ok()?;
        loop {
            let keys = self.keys();
            let user = self.verify_by(&keys, token, digest, now).await?;
            // The keys may have changed after they were read and before the token was kept: then the cache was emptied
            // too early, and a token of a dropped key must not stay in it.
            if Arc::ptr_eq(&keys, &self.keys()) {
                return Some(user);
            }
            self.gate.forget(&digest);
        }
    }

    async fn verify_by(
        &self,
        keys: &KeySet,
        token: &str,
        digest: [u8; 32],
        now: Millis,
    ) -> Option<Arc<User>> {
        let claims = access_token::verify(keys, token, &self.issuer, &self.resource, now)?;
        let name = match claims.name.as_str() {
            "" => match self.store.user_by_id(&claims.sub).await {
                Ok(Some(user)) => user.name,
                // The token is good; that its user cannot be named now is no reason to refuse it.
                _ => claims.sub.clone(),
            },
            _ => claims.name,
        };
        let user = User::new(claims.sub, name)
            .with_scopes(self.scopes.expand(&claims.scope))
            .with_client(claims.client_id);
        let user = Arc::new(user);
        let token = Verified {
            user: user.clone(),
            grant: claims.gid,
            id: claims.jti,
            expires_at: claims.exp * 1000,
        };
        self.gate.keep(digest, token, now).then_some(user)
    }

    /// The refusal of an operation for which the caller's token is too narrow.
    pub(crate) fn step_up(&self, needed: &[&str], user: &User) -> Option<Refusal> {
        if needed.iter().all(|scope| user.has_scope(scope)) {
            return None;
        }
        let mut scopes = vec![self.gate.base.as_str()];
        for scope in needed {
            if !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        Some(self.gate.insufficient(&scopes.join(" ")))
    }
}

/// The token of a `Bearer` credential; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    let token = token.trim_ascii();
    (!token.is_empty()).then_some(token)
}
