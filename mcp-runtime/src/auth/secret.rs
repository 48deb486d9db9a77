//! Values that whoever holds them can use: made here, compared here, never printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A value that must not reach a log; `Debug` shows a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// 256 fresh random bits, base64url.
    pub(crate) fn random() -> Self {
        Self(encode(&rand::random::<[u8; 32]>()))
    }

    /// The value itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps of it.
    pub(crate) fn digest(&self) -> String {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A random identifier of 128 bits that need not stay secret.
pub(crate) fn random_id() -> String {
    encode(&rand::random::<[u8; 16]>())
}

/// The SHA-256 of a value, base64url: enough for random values, never for passwords.
pub(crate) fn digest(text: &str) -> String {
    digest_of(text.as_bytes())
}

/// The same of bytes that need be no text.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    encode(&Sha256::digest(bytes))
}

/// base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64url without padding, strictly.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Compares in a time that depends on the lengths only.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// The key from which the server derives what it need not keep.
#[derive(Clone)]
pub(crate) struct DeriveKey([u8; 32]);

impl DeriveKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HKDF-SHA256 with this key as salt, the secret as input, and purpose and parts as info, each with its length
    /// before it so that no two lists look alike.
    pub(crate) fn derive(&self, purpose: &str, secret: &str, parts: &[&str]) -> Secret {
        let mut info = Vec::new();
        for part in std::iter::once(&purpose).chain(parts) {
            info.extend_from_slice(&(part.len() as u64).to_be_bytes());
            info.extend_from_slice(part.as_bytes());
        }
        let mut out = [0; 32];
        // 32 bytes are far below HKDF's limit of 255 blocks: it cannot fail.
        let expanded =
            Hkdf::<Sha256>::new(Some(&self.0), secret.as_bytes()).expand(&info, &mut out);
        debug_assert!(expanded.is_ok());
        Secret(encode(&out))
    }
}

impl fmt::Debug for DeriveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeriveKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_111_debug_shows_a_placeholder() {
        let secret = Secret::new("hunter2".into());
        let key = DeriveKey::new([65; 32]);
        let shown = format!("{secret:?} {key:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("65"),
            "{shown}"
        );
    }

    #[test]
    fn no_two_lists_of_parts_derive_alike() {
        let key = DeriveKey::new([1; 32]);
        let a = key.derive("p", "s", &["ab", "c"]);
        assert_eq!(a, key.derive("p", "s", &["ab", "c"]));
        assert_ne!(a, key.derive("p", "s", &["a", "bc"]));
        assert_ne!(a, key.derive("p", "s", &["ab"]));
        assert_ne!(a, key.derive("q", "s", &["ab", "c"]));
    }
}
