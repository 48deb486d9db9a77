//! The resource server: whether a token of our own is good.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Refusal;
use super::access_token;
use super::gate::Verified;
use super::keys::KeySet;
use super::server::Server;
use crate::extract::User;
use crate::store::Millis;

impl Server {
    /// The caller of a request, by all values of its `Authorization` headers.
    pub(crate) async fn authenticate(&self, authorization: &[&[u8]]) -> Result<Arc<User>, Refusal> {
        let token = self.gate.credential(authorization)?;
        let now = self.now();
        let digest: [u8; 32] = Sha256::digest(token).into();
        let user = match self.gate.seen(&digest, now) {
            Some(user) => user,
            None => {
                let verified = self.verify(token, digest, now).await;
                verified.ok_or_else(|| self.gate.bad_token())?
            }
        };
        self.gate.admit(user)
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
}
