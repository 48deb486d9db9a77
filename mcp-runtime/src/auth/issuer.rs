//! An outside issuer that the operator trusts: where its endpoints are, and by which keys it signs.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use url::Url;

use super::Clock;
use super::fetch::{FetchError, Fetcher, Reach};
use super::jose::{KeyRing, Signed};
use crate::store::Millis;

/// Bytes of an issuer's metadata or key set.
const LONGEST: usize = 256 * 1024;

/// For how long keys are kept, in milliseconds, whatever their headers say.
const FLOOR: i64 = 60 * 1000;
const CEILING: i64 = 60 * 60 * 1000;

/// Keys are asked for no more often than this.
const PAUSE: i64 = 10 * 1000;

/// An issuer, with what is known of it.
pub(crate) struct Issuer {
    /// Its identifier, byte for byte as its tokens say it.
    pub(crate) name: String,
    /// Where its keys are, if that is not to be looked up.
    jwks_uri: Option<String>,
    fetcher: Fetcher,
    clock: Clock,
    keys: Mutex<Kept<KeyRing>>,
    metadata: Mutex<Kept<Value>>,
    /// Held while asking: those who come meanwhile wait, and then find the answer.
    asking: tokio::sync::Mutex<()>,
}

struct Kept<T> {
    value: Option<Arc<T>>,
    /// When it has to be looked at again.
    until: Millis,
    asked_at: Millis,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            value: None,
            until: 0,
            asked_at: i64::MIN / 2,
        }
    }
}

impl<T> Kept<T> {
    /// What is there and fresh enough.
    fn fresh(&self, now: Millis) -> Option<Arc<T>> {
        self.value.clone().filter(|_| self.until > now)
    }
}

impl Issuer {
    pub(crate) fn new(
        name: String,
        jwks_uri: Option<String>,
        fetcher: Fetcher,
        clock: Clock,
    ) -> Self {
        Self {
            name,
            jwks_uri,
            fetcher,
            clock,
            keys: Mutex::default(),
            metadata: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Asks for the keys before anyone needs them. One that is away now is asked again later.
    pub(crate) async fn warm(&self) {
        let _asked_again_later = self.keys(|_| true).await;
    }

    /// Whether the issuer signed this token. A key that is not known is looked for, once in 10 seconds at the most.
    ///
    /// # Errors
    /// There are no keys, and none can be had now.
    pub(crate) async fn signed(&self, token: &Signed<'_>) -> Result<bool, FetchError> {
        let keys = self.keys(|_| true).await?;
        if keys.knows(token) {
            return Ok(keys.verifies(token));
        }
        let keys = self.keys(|keys| keys.knows(token)).await?;
        Ok(keys.verifies(token))
    }

    /// The issuer's metadata (RFC 8414 §2, OpenID Connect Discovery §3).
    pub(crate) async fn metadata(&self) -> Result<Arc<Value>, FetchError> {
        if let Some(fresh) = locked(&self.metadata).fresh(self.clock.now()) {
            return Ok(fresh);
        }
        let _turn = self.asking.lock().await;
        self.metadata_at_our_turn().await
    }

    async fn metadata_at_our_turn(&self) -> Result<Arc<Value>, FetchError> {
        let now = self.clock.now();
        let stale = {
            let kept = locked(&self.metadata);
            if let Some(fresh) = kept.fresh(now) {
                return Ok(fresh);
            }
            kept.value.clone()
        };
        match self.discover().await {
            Ok(found) => {
                let found = Arc::new(found);
                let mut kept = locked(&self.metadata);
                kept.value = Some(found.clone());
                kept.until = now + CEILING;
                Ok(found)
            }
            // An issuer that is away for a moment has not moved.
            Err(error) => stale.ok_or(error),
        }
    }

    async fn discover(&self) -> Result<Value, FetchError> {
        let mut failed = FetchError("the issuer is no URL".into());
        for url in well_known(&self.name) {
            let found = self.json(&url).await;
            match found {
                Ok((metadata, _)) if metadata["issuer"].as_str() == Some(&self.name) => {
                    return Ok(metadata);
                }
                Ok(_) => {
                    failed = FetchError(format!("{url} is the metadata of another issuer"));
                }
                Err(error) => failed = FetchError(format!("{url}: {error}")),
            }
        }
        Err(failed)
    }

    /// The keys, if they are `enough`; else those that are there after another look.
    async fn keys(&self, enough: impl Fn(&KeyRing) -> bool) -> Result<Arc<KeyRing>, FetchError> {
        let good = |now| locked(&self.keys).fresh(now).filter(|keys| enough(keys));
        if let Some(keys) = good(self.clock.now()) {
            return Ok(keys);
        }
        let _turn = self.asking.lock().await;
        let now = self.clock.now();
        if let Some(keys) = good(now) {
            return Ok(keys);
        }
        let stale = {
            let kept = locked(&self.keys);
            if now < kept.asked_at + PAUSE {
                let waiting = || FetchError("the keys could not be had a moment ago".into());
                return kept.value.clone().ok_or_else(waiting);
            }
            kept.value.clone()
        };
        let asked = self.ask_for_keys().await;
        // From the end of it: an issuer that hangs is not asked by one request after the other.
        locked(&self.keys).asked_at = self.clock.now();
        match asked {
            Ok((keys, max_age)) => {
                let keys = Arc::new(keys);
                let age = i64::try_from(max_age.unwrap_or(600)).unwrap_or(CEILING);
                let mut kept = locked(&self.keys);
                kept.value = Some(keys.clone());
                kept.until = now + age.saturating_mul(1000).clamp(FLOOR, CEILING);
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!(issuer = self.name, %error, "the issuer's keys cannot be had");
                stale.ok_or(error)
            }
        }
    }

    async fn ask_for_keys(&self) -> Result<(KeyRing, Option<u64>), FetchError> {
        let link = match &self.jwks_uri {
            Some(link) => link.clone(),
            None => {
                let metadata = self.metadata_at_our_turn().await?;
                let link = metadata["jwks_uri"].as_str();
                link.ok_or_else(|| FetchError("the metadata has no `jwks_uri`".into()))?
                    .to_owned()
            }
        };
        let url = Url::parse(&link).map_err(|_| FetchError("`jwks_uri` is no URL".into()))?;
        let (jwks, max_age) = self.json(&url).await?;
        let keys = KeyRing::read(&jwks).ok_or_else(|| FetchError("no key set".into()))?;
        Ok((keys, max_age))
    }

    async fn json(&self, url: &Url) -> Result<(Value, Option<u64>), FetchError> {
        let answer = self.fetcher.get(url, Reach::Named, LONGEST).await?;
        let value = serde_json::from_slice(&answer.body)
            .map_err(|_| FetchError("the answer is not JSON".into()))?;
        Ok((value, answer.max_age))
    }
}

/// Where an issuer's metadata may lie: RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect
/// Discovery §4 behind it.
fn well_known(issuer: &str) -> Vec<Url> {
    let Ok(url) = Url::parse(issuer) else {
        return Vec::new();
    };
    let origin = url.origin().ascii_serialization();
    let path = url.path().trim_end_matches('/');
    let urls = [
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}{path}/.well-known/openid-configuration"),
    ];
    urls.iter().filter_map(|url| Url::parse(url).ok()).collect()
}

/// Whether a text can be the identifier of an issuer that is asked for its keys: https, or http on this machine; no
/// query, fragment or userinfo (RFC 8414 §2).
pub(crate) fn is_identifier(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let plain = url.query().is_none() && url.fragment().is_none();
        let host = url.host();
        let local = host.as_ref().is_some_and(super::fetch::is_loopback);
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
        plain && scheme && host.is_some() && url.username().is_empty()
    })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_either_specification_says() {
        let urls = |issuer: &str| -> Vec<String> {
            well_known(issuer).into_iter().map(Into::into).collect()
        };
        assert_eq!(
            urls("https://id.test/tenant/"),
            [
                "https://id.test/.well-known/oauth-authorization-server/tenant",
                "https://id.test/tenant/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            urls("https://id.test"),
            [
                "https://id.test/.well-known/oauth-authorization-server",
                "https://id.test/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn item_5_an_issuer_is_https_and_nothing_but_a_place() {
        for good in [
            "https://id.test",
            "https://id.test/a/",
            "http://127.0.0.1:9000",
        ] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in [
            "http://id.test",
            "https://id.test?a",
            "https://id.test/#a",
            "https://u@id.test",
            "id.test",
        ] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
