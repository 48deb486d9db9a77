//! Passwords: argon2id, off the reactor, and never more at once than the machine bears.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tokio::sync::Semaphore;

use super::secret::Secret;
use crate::settings::OuterKeys;

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
    peppers: Arc<OuterKeys>,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    dummy: String,
}

impl Hasher {
    pub(crate) fn new(peppers: OuterKeys) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            peppers: Arc::new(peppers),
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
        let peppers = self.peppers.clone();
        let right = self.run(move || verifies(&peppers, &hash, password.expose()));
        Ok(right.await? && known)
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: &Secret) -> Result<String, Busy> {
        let password = password.clone();
        let peppers = self.peppers.clone();
        let hashed = self.run(move || hash_by(&peppers, password.expose()));
        hashed.await?.ok_or(Busy)
    }

    /// Whether a hash is weaker than those made today, or made with another pepper.
    pub(crate) fn is_weak(&self, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else {
            return true;
        };
        let param = |name: &str| hash.params.get_decimal(name).unwrap_or(0);
        let peppered = pepper_of(&hash) == self.peppers.newest().map(|(id, _)| id);
        hash.algorithm.as_str() != "argon2id"
            || param("m") < MEMORY_KIB
            || param("t") < PASSES
            || !peppered
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
    verifies(&OuterKeys::default(), hash, password)
}

/// The PHC string of a password; `None` where it is too long, or there is no memory for it.
pub(crate) fn hash(password: &str) -> Option<String> {
    hash_by(&OuterKeys::default(), password)
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

/// The hash's parameters are its own; the pepper is the one that it names.
fn verifies(peppers: &OuterKeys, hash: &str, password: &str) -> bool {
    // What cannot be verified takes as long as what is wrong: the time must not tell such accounts.
    let waste = || {
        if let Ok(nobody) = PasswordHash::new(&decoy())
            && let Some(argon2) = argon2(None, None)
        {
            let _ = argon2.verify_password(password.as_bytes(), &nobody);
        }
        false
    };
    let Ok(hash) = PasswordHash::new(hash) else {
        return waste();
    };
    let id = pepper_of(&hash);
    let pepper = id.as_deref().and_then(|id| peppers.find(id));
    if id.is_some() && pepper.is_none() {
        tracing::error!("a password was hashed with a PASSWORD_PEPPER that is not set");
        return waste();
    }
    argon2(id.as_deref(), pepper)
        .is_some_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

fn hash_by(peppers: &OuterKeys, password: &str) -> Option<String> {
    if password.len() > LONGEST_PASSWORD {
        return None;
    }
    let (id, pepper) = peppers.newest().unzip();
    let hash = argon2(id.as_deref(), pepper)?.hash_password(password.as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

/// The name of the pepper that a hash was made with (`keyid` in the PHC string).
fn pepper_of(hash: &PasswordHash) -> Option<String> {
    let params = Params::try_from(hash).ok()?;
    (!params.keyid().is_empty()).then(|| URL_SAFE_NO_PAD.encode(params.keyid()))
}

fn argon2<'a>(id: Option<&str>, pepper: Option<&'a [u8; 32]>) -> Option<Argon2<'a>> {
    let mut params = ParamsBuilder::new();
    params.m_cost(MEMORY_KIB).t_cost(PASSES).p_cost(LANES);
    if let Some(id) = id {
        params.keyid(KeyId::new(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?);
    }
    let params = params.build().ok()?;
    let pepper = pepper.map_or(&[][..], |pepper| &pepper[..]);
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn item_106_argon2id_at_the_floor_or_above() {
        let hasher = Hasher::new(OuterKeys::default());
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
        assert!(!hasher.is_weak(&hash));
        assert!(hasher.is_weak(&hash.replace("m=19456", "m=4096")));
    }

    #[tokio::test]
    async fn item_106_a_pepper_is_part_of_every_hash_and_may_be_replaced() {
        let peppers = |text: &str| OuterKeys::parse("P", text).expect("peppers");
        let [old, new] = ["B", "C"].map(|c| format!("{}A", c.repeat(42)));
        let password = Secret::new("pässword".into());
        let bare = Hasher::new(OuterKeys::default());
        let first = Hasher::new(peppers(&old));
        let second = Hasher::new(peppers(&format!("{new},{old}")));
        let alone = Hasher::new(peppers(&new));

        let unpeppered = bare.hash(&password).await.expect("hashed");
        let peppered = first.hash(&password).await.expect("hashed");
        assert!(peppered.contains("keyid="), "{peppered}");
        for (hasher, hash, right, weak) in [
            (&bare, &peppered, false, true),
            (&first, &unpeppered, true, true),
            (&first, &peppered, true, false),
            (&second, &peppered, true, true),
            (&alone, &peppered, false, true),
        ] {
            let verified = hasher.verify(Some(hash), &password).await.expect("a turn");
            assert_eq!((verified, hasher.is_weak(hash)), (right, weak), "{hash}");
        }
    }

    #[tokio::test]
    async fn item_45_an_unknown_user_costs_a_real_verification() {
        let hasher = Hasher::new(OuterKeys::default());
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
        let hasher = Arc::new(Hasher::new(OuterKeys::default()));
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
