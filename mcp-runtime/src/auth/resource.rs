//! The resource server: whether a token of our own is good.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::access_token;
use super::dpop::{Flaw, Proof};
use super::gate::{Credential, Gate, Known, Verified};
use super::keys::KeySet;
use super::server::Server;
use super::{Credentials, Refusal};
use crate::extract::User;
use crate::store::Millis;

impl Server {
    /// The caller of a request.
    pub(crate) async fn authenticate(
        &self,
        request: Credentials<'_>,
    ) -> Result<Arc<User>, Refusal> {
        let sent = self.gate.credential(request.authorization)?;
        let now = self.now();
        let known = self.known(&sent, now).await?;
        let (gate, nonces) = (&self.gate, self.nonces());
        if let Some(proof) = gate.possession(&sent, &known, &request, nonces, now)? {
            Box::pin(self.spend(&proof)).await?;
        }
        gate.admit(known.user)
    }

    /// Whether a caller who was let in by this would still be.
    pub(crate) async fn still_admits(&self, authorization: &[u8]) -> bool {
        let Ok(sent) = self.gate.credential(&[authorization]) else {
            return false;
        };
        let known = self.known(&sent, self.now()).await;
        known.is_ok_and(|known| {
            Gate::is_sent_rightly(&sent, &known) && self.gate.admit(known.user).is_ok()
        })
    }

    async fn spend(&self, proof: &Proof) -> Result<(), Refusal> {
        proof.spend(self).await.map_err(|fault| match fault.status {
            503 => Refusal {
                status: 503,
                challenge: None,
                retry_after: fault.retry_after,
                error: fault.error,
                description: fault.description.into_owned(),
            },
            _ => self.gate.bad_proof(Flaw::Proof),
        })
    }

    async fn known(&self, sent: &Credential<'_>, now: Millis) -> Result<Known, Refusal> {
        let digest: [u8; 32] = Sha256::digest(sent.token).into();
        match self.gate.seen(&digest, now) {
            Some(known) => Ok(known),
            None => {
                // In a box, as whatever is rare: the future of every call would be larger by it.
                let verified = Box::pin(self.verify(sent.token, digest, now)).await;
                verified.ok_or_else(|| self.gate.bad_token(sent))
            }
        }
    }

    async fn verify(&self, token: &[u8], digest: [u8; 32], now: Millis) -> Option<Known> {
        let token = std::str::from_utf8(token).ok()?;
        loop {
            let keys = self.keys();
            let known = self.verify_by(&keys, token, digest, now).await?;
            // The keys may have changed after they were read and before the token was kept: then the cache was emptied
            // too early, and a token of a dropped key must not stay in it.
            if Arc::ptr_eq(&keys, &self.keys()) {
                return Some(known);
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
    ) -> Option<Known> {
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
            .with_client(claims.client_id)
            .with_bound(claims.cnf.is_some());
        let known = Known {
            user: Arc::new(user),
            key: claims.cnf.map(|cnf| cnf.jkt.into()),
        };
        let token = Verified {
            known: known.clone(),
            grant: claims.gid,
            id: claims.jti,
            expires_at: claims.exp * 1000,
        };
        self.gate.keep(digest, token, now).then_some(known)
    }
}
