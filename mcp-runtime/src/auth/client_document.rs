//! Clients that are named by a URL: the document behind it says who they are (Client ID Metadata Documents, draft-00;
//! MCP 2026-07-28, "Client Registration").
//!
//! A stranger chooses the URL, so a document is fetched late: only after someone signed in here, or for a code or token
//! that came of that; and within budgets that all replicas share. What goes wrong is said to the log alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::clients::{AuthMethod, Client, Metadata, Missing};
use super::clock::SharedClock;
use super::fetch::{FetchError, Fetcher, Reach};
use super::jose;
use super::redirect_uri;
use super::register::{is_short_text, is_web_link};
use super::secret::digest;
use super::server::Server;
use super::strict_json::Strict;
use crate::store::{Millis, Store};

/// Bytes of a client's URL.
const LONGEST_URL: usize = 2048;

/// Bytes of a document (draft §6.6).
const LONGEST: usize = 5 * 1024;

/// Bytes of a key set that a document points to.
const LONGEST_JWKS: usize = 32 * 1024;

/// Documents that are kept.
const MOST: usize = 1000;

/// For how long a document is kept, in milliseconds, whatever its headers say.
const FLOOR: i64 = 5 * 60 * 1000;
const CEILING: i64 = 24 * 60 * 60 * 1000;

/// Fetches a minute, of all replicas together: from one origin, and from everywhere.
const PER_ORIGIN: i64 = 20;
const IN_ALL: i64 = 300;
const MINUTE: i64 = 60 * 1000;

/// Which URLs may name a client.
#[derive(Clone, Default)]
pub(crate) struct DocumentFilter(Option<Arc<Admits>>);

type Admits = dyn Fn(&Url) -> bool + Send + Sync;

impl DocumentFilter {
    pub(crate) fn new(admit: impl Fn(&Url) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(admit)))
    }

    fn admits(&self, url: &Url) -> bool {
        self.0.as_ref().is_none_or(|admit| admit(url))
    }
}

impl fmt::Debug for DocumentFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "some" } else { "all" })
    }
}

type Fetching = Shared<BoxFuture<'static, Result<Arc<Value>, Missing>>>;

/// What others published: documents of clients, and their keys. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Documents(Arc<Inner>);

struct Inner {
    fetcher: Fetcher,
    /// Counts what is fetched.
    store: Arc<dyn Store>,
    clock: Arc<SharedClock>,
    kept: Mutex<HashMap<String, Kept>>,
    under_way: Mutex<HashMap<String, Fetching>>,
}

struct Kept {
    value: Arc<Value>,
    until: Millis,
}

impl Documents {
    pub(crate) fn new(fetcher: Fetcher, store: Arc<dyn Store>, clock: Arc<SharedClock>) -> Self {
        Self(Arc::new(Inner {
            fetcher,
            store,
            clock,
            kept: Mutex::default(),
            under_way: Mutex::default(),
        }))
    }

    /// The JSON at a URL: kept, or fetched now. Callers that come meanwhile wait for the same fetch.
    async fn document(&self, url: &Url, limit: usize) -> Result<Arc<Value>, Missing> {
        if let Some(kept) = self.kept(url) {
            return Ok(kept);
        }
        let fetching = {
            let mut under_way = locked(&self.0.under_way);
            match under_way.get(url.as_str()) {
                Some(fetching) => fetching.clone(),
                None => {
                    let (this, asked) = (self.clone(), url.clone());
                    // A task of its own: it ends whether or not those who wait for it stay.
                    let task = tokio::spawn(async move {
                        let outcome = this.fetch(&asked, limit).await;
                        locked(&this.0.under_way).remove(asked.as_str());
                        outcome
                    });
                    let fetching = async { task.await.unwrap_or(Err(Missing::Bad)) };
                    let fetching = fetching.boxed().shared();
                    under_way.insert(url.as_str().to_owned(), fetching.clone());
                    fetching
                }
            }
        };
        fetching.await
    }

    async fn fetch(&self, url: &Url, limit: usize) -> Result<Arc<Value>, Missing> {
        self.spend(url).await?;
        let fetched = self.0.fetcher.get(url, Reach::Public, limit).await;
        let read = fetched.and_then(|answer| {
            let Strict(value) = serde_json::from_slice(&answer.body)
                .map_err(|_| FetchError("it is not JSON, or says something twice".into()))?;
            Ok((Arc::new(value), answer.max_age))
        });
        match read {
            Ok((value, max_age)) => {
                self.keep(url, value.clone(), max_age);
                Ok(value)
            }
            Err(error) => {
                tracing::warn!(url = %url, %error, "a client's document cannot be had");
                Err(Missing::Bad)
            }
        }
    }

    /// Takes a fetch out of the budgets.
    async fn spend(&self, url: &Url) -> Result<(), Missing> {
        let now = self.0.clock.now();
        let origin = digest(&format!(
            "fetch from {}",
            url.origin().ascii_serialization()
        ));
        for (name, most) in [(origin.as_str(), PER_ORIGIN), ("fetch", IN_ALL)] {
            let (count, until) = self.0.store.bump_counter(name, 1, MINUTE, now).await?;
            if count > most {
                tracing::warn!(url = %url, "too many documents of clients were fetched within a minute");
                let seconds = (until - now).max(1000) / 1000;
                return Err(Missing::Busy(u32::try_from(seconds).unwrap_or(60)));
            }
        }
        Ok(())
    }

    fn kept(&self, url: &Url) -> Option<Arc<Value>> {
        let now = self.0.clock.now();
        let kept = locked(&self.0.kept);
        let found = kept.get(url.as_str()).filter(|kept| kept.until > now)?;
        Some(found.value.clone())
    }

    fn keep(&self, url: &Url, value: Arc<Value>, max_age: Option<u64>) {
        let now = self.0.clock.now();
        let mut kept = locked(&self.0.kept);
        if kept.len() >= MOST && !kept.contains_key(url.as_str()) {
            kept.retain(|_, kept| kept.until > now);
            // Whichever ends first has been there longest, or is wanted least.
            let first = kept.iter().min_by_key(|(_, kept)| kept.until);
            if let Some(first) = first.map(|(url, _)| url.clone())
                && kept.len() >= MOST
            {
                kept.remove(&first);
            }
        }
        let seconds = i64::try_from(max_age.unwrap_or(0)).unwrap_or(CEILING);
        let until = now + seconds.saturating_mul(1000).clamp(FLOOR, CEILING);
        kept.insert(url.as_str().to_owned(), Kept { value, until });
    }

    fn forget(&self, url: &Url) {
        locked(&self.0.kept).remove(url.as_str());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a client id is the URL of a document that may be fetched here. Judged on the raw text (draft §3): what a
/// parser would repair is no identifier.
pub(crate) fn is_identifier(server: &Server, id: &str) -> bool {
    server.documents.is_some() && identifier(server, id).is_some()
}

fn identifier(server: &Server, id: &str) -> Option<Url> {
    if id.len() > LONGEST_URL || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let rest = id.strip_prefix("https://")?;
    if id.contains(['\\', '#', '<', '>', '"', '^', '`', '{', '|', '}']) {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find('/')?);
    if authority.is_empty() || authority.contains(['@', '?']) {
        return None;
    }
    let path = path.split('?').next().unwrap_or_default();
    if path == "/" || redirect_uri::has_dot_segment(id) {
        return None;
    }
    let url = Url::parse(id).ok()?;
    // One client has one spelling: a default port or an upper-case host would be another id for the same document.
    (url.as_str() == id && server.config.client_documents.admits(&url)).then_some(url)
}

/// The client of that URL if its document is here already.
pub(crate) fn known(server: &Server, id: &str) -> Option<Client> {
    let documents = server.documents.as_ref()?;
    let url = identifier(server, id)?;
    let document = documents.kept(&url)?;
    judge(server, id, &document).ok()
}

/// The client of that URL; `None` where such clients are not admitted.
///
/// Call it for someone who signed in, or for what came of that: it may go out and ask.
pub(crate) async fn find(server: &Server, id: &str) -> Result<Option<Client>, Missing> {
    let (Some(documents), Some(url)) = (&server.documents, identifier(server, id)) else {
        return Ok(None);
    };
    let document = documents.document(&url, LONGEST).await?;
    match judge(server, id, &document) {
        Ok(client) => Ok(Some(client)),
        Err(why) => {
            tracing::warn!(url = %url, why, "a client's document is not one");
            // Whoever publishes it may mend it at once.
            documents.forget(&url);
            Err(Missing::Bad)
        }
    }
}

/// The key set behind a link of a client's metadata, if it is here already.
pub(crate) fn kept_keys(server: &Server, link: &str) -> Option<Arc<Value>> {
    server.documents.as_ref()?.kept(&Url::parse(link).ok()?)
}

/// The same, fetched now.
pub(crate) async fn keys(server: &Server, link: &str) -> Result<Arc<Value>, Missing> {
    let (Some(documents), Ok(url)) = (&server.documents, Url::parse(link)) else {
        return Err(Missing::Bad);
    };
    documents.forget(&url);
    documents.document(&url, LONGEST_JWKS).await
}

/// The members that count (draft §4, RFC 7591 §2).
#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    client_uri: Option<String>,
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

/// Reads a document. What it can do beyond what is offered here does not matter; if nothing is left, it is refused.
fn judge(server: &Server, id: &str, document: &Value) -> Result<Client, &'static str> {
    let members = document.as_object().ok_or("it is not a JSON object")?;
    if members.keys().any(|name| name.starts_with("client_secret")) {
        return Err("it holds a secret");
    }
    let document =
        Document::deserialize(document).map_err(|_| "a member is missing or mistyped")?;
    if document.client_id != id {
        return Err("its `client_id` is not its URL");
    }
    if document.client_name.trim().is_empty() || !is_short_text(&document.client_name) {
        return Err("its `client_name` is blank, too long or not showable");
    }
    let usable = |uri: &String| redirect_uri::registrable(uri, &server.config).is_ok();
    let redirect_uris: Vec<String> = document.redirect_uris.into_iter().filter(usable).collect();
    if redirect_uris.is_empty() {
        return Err("it has no redirect URI that may be used here");
    }
    let has = |list: &Option<Vec<String>>, what: &str| {
        list.as_ref()
            .is_none_or(|list| list.iter().any(|x| x == what))
    };
    if !has(&document.grant_types, "authorization_code") || !has(&document.response_types, "code") {
        return Err("it does not use authorization codes");
    }
    let mut grant_types = vec!["authorization_code".to_owned()];
    if has(&document.grant_types, "refresh_token") {
        grant_types.push("refresh_token".into());
    }

    // RFC 7591's default needs a secret, which nobody shares with a document.
    let preferred = document
        .token_endpoint_auth_method
        .as_deref()
        .unwrap_or("none");
    if preferred.starts_with("client_secret_") {
        return Err("it authenticates by a shared secret");
    }
    let can = |method: &str| {
        let supported = &document.token_endpoint_auth_methods_supported;
        preferred == method || supported.iter().any(|m| m == method)
    };
    let jwks_of = |jwks: &Value| jwks.get("keys").and_then(Value::as_array).cloned();
    if let Some(jwks) = &document.jwks {
        let keys = jwks_of(jwks).ok_or("its `jwks` is no key set")?;
        if keys.iter().any(jose::is_private) {
            return Err("its `jwks` holds a private or shared key");
        }
    }
    let link = document.jwks_uri.filter(|link| is_web_link(link));
    let has_keys = document.jwks.is_some() || link.is_some();
    let methods: Vec<AuthMethod> = [
        (can("none"), AuthMethod::None),
        (
            can("private_key_jwt") && has_keys,
            AuthMethod::PrivateKeyJwt,
        ),
    ]
    .into_iter()
    .filter_map(|(can, method)| can.then_some(method))
    .collect();
    let first = *methods
        .first()
        .ok_or("it has no authentication method that is offered here")?;
    let method = match preferred {
        "private_key_jwt" if methods.contains(&AuthMethod::PrivateKeyJwt) => {
            AuthMethod::PrivateKeyJwt
        }
        _ => first,
    };
    let metadata = Metadata {
        grant_types,
        client_uri: document.client_uri,
        jwks: document.jwks,
        jwks_uri: link,
        dpop_bound_access_tokens: document.dpop_bound_access_tokens,
        // Its scope is left out: whether the document was read yet must not change what a request asks for.
        ..Metadata::of(redirect_uris, method, Some(&document.client_name))
    };
    Ok(Client::of_document(id, metadata, methods))
}
