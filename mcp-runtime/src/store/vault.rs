//! Seals the server's own keys where a key-encryption key is set, so that a copy of the store can sign nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use super::{KeyRecord, StoreError};
use crate::settings::OuterKeys;

const NONCE: usize = 24;

/// The key-encryption keys; without any, keys lie open in the store.
#[derive(Debug, Clone, Default)]
pub(super) struct Vault(OuterKeys);

/// A key as it lies in the store.
pub(super) struct Sealed {
    /// The key, or the sealed key, base64url.
    pub(super) secret: String,
    /// Which key-encryption key sealed it.
    pub(super) by: Option<String>,
}

impl Vault {
    pub(super) fn new(keys: OuterKeys) -> Self {
        Self(keys)
    }

    /// Seals a key, if there is one to seal it by.
    pub(super) fn seal(&self, key: &KeyRecord) -> Result<Sealed, StoreError> {
        let Some((by, outer)) = self.0.newest() else {
            return Ok(Sealed {
                secret: key.secret.clone(),
                by: None,
            });
        };
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: key.secret.as_bytes(),
            aad: &place(key),
        };
        let sealed = XChaCha20Poly1305::new(outer.into()).encrypt(&XNonce::from(nonce), payload);
        let sealed =
            sealed.map_err(|_| StoreError::Corrupt("a key that cannot be sealed".into()))?;
        Ok(Sealed {
            secret: URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()),
            by: Some(by),
        })
    }

    /// The key of a record whose secret is as it lies in the store.
    pub(super) fn open(
        &self,
        mut key: KeyRecord,
        by: Option<&str>,
    ) -> Result<KeyRecord, StoreError> {
        let Some(by) = by else { return Ok(key) };
        let outer = self.0.find(by).ok_or_else(|| {
            StoreError::Unavailable(
                "its keys are sealed by a KEY_ENCRYPTION_KEY that is not set".into(),
            )
        })?;
        let opened = URL_SAFE_NO_PAD.decode(&key.secret).ok().and_then(|sealed| {
            let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
            let payload = Payload {
                msg: sealed,
                aad: &place(&key),
            };
            let nonce: [u8; NONCE] = nonce.try_into().ok()?;
            let opened =
                XChaCha20Poly1305::new(outer.into()).decrypt(&XNonce::from(nonce), payload);
            String::from_utf8(opened.ok()?).ok()
        });
        key.secret = opened.ok_or_else(|| {
            StoreError::Corrupt(format!("the sealed key `{}`, which was altered", key.id))
        })?;
        Ok(key)
    }

    /// Whether what lies there should be sealed anew: it is open, or an older key sealed it.
    pub(super) fn is_out_of_date(&self, by: Option<&str>) -> bool {
        self.0
            .newest()
            .is_some_and(|(newest, _)| by != Some(&newest))
    }
}

/// What a sealed key belongs to: it opens in no other row.
fn place(key: &KeyRecord) -> Vec<u8> {
    format!("{}\n{}\n{}", key.purpose, key.generation, key.id).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[&str]) -> Vault {
        let keys: Vec<_> = keys.iter().map(|c| format!("{}A", c.repeat(42))).collect();
        Vault::new(OuterKeys::parse("K", &keys.join(",")).expect("keys"))
    }

    fn key() -> KeyRecord {
        KeyRecord {
            id: "k".into(),
            purpose: "sign".into(),
            generation: 1,
            secret: "the secret".into(),
            active_from: 0,
            expires_at: None,
        }
    }

    #[test]
    fn item_111_a_sealed_key_opens_by_its_key_and_in_its_place_only() {
        let sealed = vault(&["B"]).seal(&key()).expect("sealed");
        assert!(!sealed.secret.contains("secret") && sealed.by.is_some());
        let stored = KeyRecord {
            secret: sealed.secret,
            ..key()
        };
        let by = sealed.by.as_deref();
        let opened = vault(&["C", "B"]).open(stored.clone(), by).expect("opened");
        assert_eq!(opened.secret, "the secret");
        assert!(vault(&["C", "B"]).is_out_of_date(by) && !vault(&["B", "C"]).is_out_of_date(by));
        let told = vault(&["C"]).open(stored.clone(), by).expect_err("refused");
        assert!(told.to_string().contains("KEY_ENCRYPTION_KEY"), "{told}");
        assert!(vault(&[]).open(stored.clone(), by).is_err());
        let moved = KeyRecord {
            id: "another".into(),
            ..stored
        };
        assert!(vault(&["B"]).open(moved, by).is_err());
    }

    #[test]
    fn without_a_key_encryption_key_keys_lie_open() {
        let open = vault(&[]).seal(&key()).expect("kept");
        assert_eq!((open.secret.as_str(), open.by), ("the secret", None));
        assert!(vault(&["B"]).is_out_of_date(None) && !vault(&[]).is_out_of_date(None));
    }
}
