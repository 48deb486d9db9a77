//! The signing keys: made once per store, published before they are used, kept until their last token has expired.

use jsonwebtoken::crypto::{self, CryptoProvider, rust_crypto};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use serde_json::{Value, json};

use super::secret::{self, DeriveKey, digest};
use crate::store::{KeyRecord, Millis, Store, StoreError};

/// For how many seconds the key set may be cached; a new key is published this long before it signs.
pub(crate) const JWKS_MAX_AGE: u32 = 300;

const SIGN: &str = "sign";
const DERIVE: &str = "derive";

/// The keys that verify, oldest first.
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    active_from: Millis,
    expires_at: Option<Millis>,
    sign: EncodingKey,
    verify: DecodingKey,
    jwk: Value,
}

impl KeySet {
    /// The keys in the store.
    pub(crate) async fn load(store: &dyn Store, now: Millis) -> Result<Self, StoreError> {
        let records = store.keys(SIGN, now).await?;
        let keys = records
            .iter()
            .map(Key::read)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(StoreError::Corrupt("there is no signing key".into()));
        }
        Ok(Self { keys })
    }

    /// Makes the first key, unless another process was faster.
    pub(crate) async fn bootstrap(store: &dyn Store, now: Millis) -> Result<(), StoreError> {
        if store.keys(SIGN, now).await?.is_empty() {
            store.put_key_if_absent(&new_key(1, now)).await?;
        }
        Ok(())
    }

    /// The `kid` and signature of a message, by the newest key that is in use.
    pub(crate) fn signer(&self, now: Millis) -> Option<Signer<'_>> {
        let in_use =
            |key: &&Key| key.active_from <= now && key.expires_at.is_none_or(|until| until > now);
        // Right after a compromised key was dropped there is none but one that is not yet published long enough.
        let key = self.keys.iter().rev().find(in_use).or(self.keys.last())?;
        Some(Signer(key))
    }

    /// Whether `signature` is the one that key `kid` makes for `message`. The algorithm is the key's, never the
    /// token's (RFC 8725 §3.1).
    pub(crate) fn verifies(&self, kid: &str, message: &[u8], signature: &str, now: Millis) -> bool {
        self.keys.iter().any(|key| {
            key.id == kid
                && key.expires_at.is_none_or(|until| until > now)
                && crypto::verify(signature, message, &key.verify, Algorithm::ES256)
                    .unwrap_or(false)
        })
    }

    /// The public keys (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    /// The `kid` of the newest.
    pub(crate) fn newest(&self) -> &str {
        self.keys.last().map_or("", |key| &key.id)
    }

    /// Whether both hold the same keys, ending at the same times.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let ids = |set: &Self| {
            set.keys
                .iter()
                .map(|k| (k.id.clone(), k.expires_at))
                .collect::<Vec<_>>()
        };
        ids(self) == ids(other)
    }
}

/// One key, about to sign.
pub(crate) struct Signer<'a>(&'a Key);

impl Signer<'_> {
    pub(crate) fn kid(&self) -> &str {
        &self.0.id
    }

    /// The base64url signature; `None` if the key is unusable.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<String> {
        crypto::sign(message, &self.0.sign, Algorithm::ES256).ok()
    }
}

impl Key {
    fn read(record: &KeyRecord) -> Result<Self, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("the signing key `{}`", record.id));
        let der = secret::decode(&record.secret).ok_or_else(corrupt)?;
        let key = SecretKey::from_pkcs8_der(&der).map_err(|_| corrupt())?;
        let (x, y) = coordinates(&key);
        Ok(Self {
            id: record.id.clone(),
            active_from: record.active_from,
            expires_at: record.expires_at,
            sign: EncodingKey::from_ec_der(&der),
            verify: DecodingKey::from_ec_components(&x, &y).map_err(|_| corrupt())?,
            jwk: json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
                "kid": record.id, "x": x, "y": y,
            }),
        })
    }
}

/// Adds a key that signs once caches have seen it, and lets the earlier ones end when their last token has. A
/// compromised key ends at once, and its tokens with it.
#[cfg(any(test, feature = "cli"))]
pub(crate) async fn rotate(
    store: &dyn Store,
    now: Millis,
    longest_token: i64,
    compromised: bool,
) -> Result<String, StoreError> {
    let newest = store
        .keys(SIGN, 0)
        .await?
        .last()
        .map_or(0, |key| key.generation);
    let active_from = if compromised {
        now
    } else {
        now + i64::from(JWKS_MAX_AGE) * 1000
    };
    let key = new_key(newest + 1, active_from);
    let old_until = if compromised {
        // In the past for a server too whose clock is a little behind.
        now - 5_000
    } else {
        active_from + longest_token
    };
    if store.rotate_key(&key, old_until).await? {
        return Ok(key.id);
    }
    Err(StoreError::Unavailable(
        "another process rotated the key at the same moment".into(),
    ))
}

/// The key from which the server derives what it need not keep; made once per store.
pub(crate) async fn derive_key(store: &dyn Store, now: Millis) -> Result<DeriveKey, StoreError> {
    let fresh = KeyRecord {
        id: secret::random_id(),
        purpose: DERIVE.into(),
        generation: 1,
        secret: secret::encode(&rand::random::<[u8; 32]>()),
        active_from: now,
        expires_at: None,
    };
    store.put_key_if_absent(&fresh).await?;
    let stored = store.keys(DERIVE, now).await?;
    let bytes = stored
        .first()
        .and_then(|key| secret::decode(&key.secret)?.try_into().ok());
    bytes
        .map(DeriveKey::new)
        .ok_or_else(|| StoreError::Corrupt("the derivation key".into()))
}

/// Names the backend of jsonwebtoken: with both compiled in (a user's crate may pull in the other) it panics at first
/// use unless one is installed.
pub(crate) fn install_backend() {
    let provider: &'static CryptoProvider = &rust_crypto::DEFAULT_PROVIDER;
    let _already_installed = provider.install_default();
}

fn new_key(generation: i64, active_from: Millis) -> KeyRecord {
    // One in 2^32 draws is no scalar of the curve.
    let (key, der) = loop {
        let Ok(key) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) else {
            continue;
        };
        if let Ok(der) = key.to_pkcs8_der() {
            break (key, der);
        }
    };
    let (x, y) = coordinates(&key);
    KeyRecord {
        // The thumbprint of RFC 7638.
        id: digest(&format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
        )),
        purpose: SIGN.into(),
        generation,
        secret: secret::encode(der.as_bytes()),
        active_from,
        expires_at: None,
    }
}

fn coordinates(key: &SecretKey) -> (String, String) {
    let point = key.public_key().to_encoded_point(false);
    let part = |bytes: Option<&p256::FieldBytes>| secret::encode(bytes.map_or(&[][..], |b| &b[..]));
    (part(point.x()), part(point.y()))
}
