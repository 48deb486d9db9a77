//! Passwords: argon2id, off the reactor, and never more at once than the machine bears.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use super::secret::Secret;

/// Longer ones are refused before any work is done for them.
pub(crate) const LONGEST_PASSWORD: usize = 1024;

/// OWASP's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many callers may wait for a turn; each turn takes some 20 ms.
const QUEUE: usize = 64;

/// Too many passwords are being checked.
#[derive(Debug)]
pub(crate) struct Busy;

/// The one place where passwords are hashed.
#[derive(Debug)]
pub(crate) struct Hasher {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    dummy: String,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores.min(4))),
            waiting: AtomicUsize::new(0),
            dummy: decoy(),
        }
    }

    /// Whether the password is the one that was hashed; without a hash the work is done in vain.
    pub(crate) async fn verify(&self, hash: Option<&str>, password: &Secret) -> Result<bool, Busy> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.dummy).to_owned();
        let password = password.clone();
        let right = self.run(move || is_hash_of(&hash, password.expose()));
        Ok(right.await? && known)
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String, Busy> {
        let password = password.clone();
        let hashed = self.run(move || hash(password.expose()));
        hashed.await?.ok_or(Busy)
    }

    /// Whether a hash is weaker than those made today.
    pub(crate) fn is_weak(hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else {
            return true;
        };
        let param = |name: &str| hash.params.get_decimal(name).unwrap_or(0);
        hash.algorithm.as_str() != "argon2id" || param("m") < MEMORY_KIB || param("t") < PASSES
    }

    /// Does work of this kind off the reactor, when it is its turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        struct Place<'a>(&'a AtomicUsize);
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            return Err(Busy);
        }
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Busy)?;
        drop(place);
        // The turn goes with the work: a caller who leaves does not make room before the memory is free again.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            job()
        });
        done.await.map_err(|_| Busy)
    }
}

/// Whether a password is the one of this PHC string.
pub(crate) fn is_hash_of(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The PHC string of a password; `None` where it is too long, or there is no memory for it.
pub(crate) fn hash(password: &str) -> Option<String> {
    if password.len() > LONGEST_PASSWORD {
        return None;
    }
    let hash = argon2().hash_password(password.as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

/// A hash of nothing anyone knows, at the same cost as a real one: verified for unknown users, so that they take as long
/// as known ones.
pub(crate) fn decoy() -> String {
    let b64 = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
    format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        b64(&rand::random::<[u8; 16]>()),
        b64(&rand::random::<[u8; 32]>())
    )
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn item_106_argon2id_at_the_floor_or_above() {
        let hasher = Hasher::new();
        let password = Secret::new("pässword".into());
        let hash = hasher.hash(&password).await.expect("hashed");
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(hasher.verify(Some(&hash), &password).await.expect("a turn"));
        assert!(
            !hasher
                .verify(Some(&hash), &Secret::new("x".into()))
                .await
                .expect("a turn")
        );
        assert!(!Hasher::is_weak(&hash));
        assert!(Hasher::is_weak(&hash.replace("m=19456", "m=4096")));
    }

    #[tokio::test]
    async fn item_45_an_unknown_user_costs_a_real_verification() {
        let hasher = Hasher::new();
        let dummy = PasswordHash::new(&hasher.dummy).expect("a well-formed hash");
        assert_eq!(dummy.params.get_decimal("m"), Some(MEMORY_KIB));
        assert!(
            !hasher
                .verify(None, &Secret::new("x".into()))
                .await
                .expect("a turn")
        );
    }

    #[tokio::test]
    async fn item_47_the_queue_is_bounded() {
        let hasher = Arc::new(Hasher::new());
        let permits = hasher.turns.available_permits();
        assert!((1..=4).contains(&permits));
        let turns = hasher
            .turns
            .acquire_many(permits as u32)
            .await
            .expect("all turns");
        let mut waiting = Vec::new();
        for _ in 0..QUEUE {
            let hasher = hasher.clone();
            waiting.push(tokio::spawn(async move {
                hasher.verify(None, &Secret::new("x".into())).await.is_ok()
            }));
        }
        while hasher.waiting.load(Ordering::Relaxed) < QUEUE {
            tokio::task::yield_now().await;
        }
        assert!(hasher.verify(None, &Secret::new("x".into())).await.is_err());
        waiting.iter().for_each(|w| w.abort());
        drop(turns);
    }
}
