//! Keys that an operator keeps outside the store, so that a copy of the store alone opens nothing.

// Read whatever is built in, used where there is a store.
#![cfg_attr(not(feature = "auth"), allow(dead_code))]

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::SettingsError;

/// A list of such keys. The first is used for what is written; the others still open what was written by them.
#[derive(Clone, Default)]
pub struct OuterKeys(Vec<[u8; 32]>);

impl OuterKeys {
    /// Reads keys of 32 bytes in base64, separated by commas. `name` is the setting's.
    ///
    /// # Errors
    /// An entry is no such key, in one sentence that does not show it.
    pub fn parse(name: &str, text: &str) -> Result<Self, SettingsError> {
        let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
        let key = |entry: &str| {
            let plain = entry
                .trim_end_matches('=')
                .replace('-', "+")
                .replace('_', "/");
            let key = STANDARD_NO_PAD.decode(plain).ok();
            key.and_then(|key| key.try_into().ok()).ok_or_else(|| {
                SettingsError::new(format!(
                    "{name} holds something that is no base64 of 32 bytes: make a key by \
                     `openssl rand -base64 32`"
                ))
            })
        };
        Ok(Self(entries.map(key).collect::<Result<_, _>>()?))
    }

    /// The key for what is written now, with the name by which it is found again.
    pub(crate) fn newest(&self) -> Option<(String, &[u8; 32])> {
        self.0.first().map(|key| (name_of(key), key))
    }

    /// The key of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&[u8; 32]> {
        self.0.iter().find(|key| name_of(key) == name)
    }
}

impl fmt::Debug for OuterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OuterKeys({})", self.0.len())
    }
}

/// What may stand beside the work of a key: it does not give the key away.
fn name_of(key: &[u8; 32]) -> String {
    let mut hash = Sha256::new_with_prefix("the name of an outer key");
    hash.update(key);
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let text = format!("{}=, {}", "A".repeat(43), "_-_-".repeat(10) + "_-A");
        let keys = OuterKeys::parse("X", &text).expect("two keys");
        let (name, key) = keys.newest().expect("a key");
        assert_eq!(key, &[0; 32]);
        assert_eq!(keys.find(&name), Some(key));
        assert_eq!(keys.find("another"), None);
        assert_eq!(format!("{keys:?}"), "OuterKeys(2)");
        for bad in ["c2hvcnQ=", "not base64 at all!"] {
            let told = OuterKeys::parse("KEY", bad).expect_err(bad).to_string();
            assert!(told.contains("KEY") && !told.contains(bad), "{told}");
        }
    }
}
