//! Signing in at an upstream OpenID provider: the user consents here first, goes there to prove who they are, and comes
//! back with a code that only this server can use (OpenID Connect Core §3.1, RFC 9700 §2.1).
//!
//! The `state` that travels is the handle of a row in the store, good once and for the one browser that has the cookie
//! which was set after the consent. The nonce and the PKCE verifier are derived from it and kept nowhere.

use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use super::audit::audit;
use super::authorize::{Frozen, MOST, PATIENCE, Stop};
use super::consent::{self, Answered, Browser};
use super::fetch::{Ask, FetchError, Fetcher, Reach};
use super::issuer::{self, Issuer};
use super::jose::{Claims, Signed};
use super::params::Params;
use super::provider::{Identity, OpenIdProvider};
use super::secret::{self, Secret, digest, encode};
use super::server::Server;
use super::users::{check_name, shown};
use super::{Clock, redirect_uri};
use crate::settings::SettingsError;
use crate::store::{Kept, StoreError, Transaction, UserRecord};

/// Bytes of an ID token and of the answer around it.
const LONGEST: usize = 64 * 1024;

/// Blanks around typed names are cut off, so none begins like this.
const KEY: &str = " openid:";

/// Seconds that the provider's clock may be ahead.
const SLACK: i64 = 30;

/// A provider, ready to be used.
pub(crate) struct Upstream {
    settings: OpenIdProvider,
    issuer: Issuer,
    fetcher: Fetcher,
}

/// A sign-in that is under way at the provider.
#[derive(Serialize, Deserialize)]
struct Away {
    /// The digest of the handle of the request that was consented to.
    request: String,
    scope: String,
}

impl Upstream {
    /// # Errors
    /// A setting that cannot be used, in one sentence.
    pub(crate) fn new(
        settings: OpenIdProvider,
        fetcher: Option<Fetcher>,
        clock: Clock,
    ) -> Result<Self, SettingsError> {
        if !issuer::is_identifier(&settings.issuer) {
            return Err(SettingsError::new(format!(
                "the issuer of the OpenID provider is `{}`: write its https:// URL as its tokens have it in `iss`",
                settings.issuer
            )));
        }
        let fetcher = fetcher.ok_or_else(|| {
            SettingsError::new(
                "no certificate authorities were found, so the OpenID provider cannot be reached: install \
                 ca-certificates, or name one by `Outbound::trust`",
            )
        })?;
        let issuer = Issuer::new(settings.issuer.clone(), None, fetcher.clone(), clock);
        Ok(Self {
            settings,
            issuer,
            fetcher,
        })
    }

    /// What the button calls it.
    pub(crate) fn name(&self) -> String {
        let host = || redirect_uri::shown_host(&self.settings.issuer);
        self.settings.name.clone().unwrap_or_else(host)
    }

    /// An endpoint of its metadata.
    async fn endpoint(&self, name: &str) -> Result<Url, FetchError> {
        let metadata = self.issuer.metadata().await?;
        let url = metadata[name].as_str().and_then(|url| Url::parse(url).ok());
        url.filter(|url| {
            let host = url.host();
            let local = host.as_ref().is_some_and(super::fetch::is_loopback);
            url.scheme() == "https" || (url.scheme() == "http" && local)
        })
        .ok_or_else(|| FetchError(format!("its metadata has no usable `{name}`")))
    }

    /// Whether a user may still do what they signed in for, as the operator's rule judges what the provider said of them
    /// at last; if not, all that ends.
    pub(crate) async fn still_has(&self, server: &Server, id: &str) -> Result<bool, StoreError> {
        if !self.settings.asks() {
            return Ok(true);
        }
        match server.store.user_by_id(id).await? {
            None => return Ok(false),
            // One with a password, of before there was a provider: the rule has nothing to judge.
            Some(user) if !user.name_key.starts_with(KEY) => return Ok(true),
            Some(_) => {}
        }
        let claims = server.store.claims(id).await?;
        let Some(claims) = claims.as_deref().and_then(Claims::of_written) else {
            // There was no rule when they signed in: the next sign-in tells.
            return Ok(false);
        };
        let admitted = self.settings.admits(&Identity(&claims));
        if !admitted {
            server.end_user(id).await?;
            audit!(info, "user no longer admitted", user = id);
        }
        Ok(admitted)
    }

    /// What the provider is to ask its user, where it says that it can; one that lists nothing is taken at the
    /// specification's word (OpenID Connect Core §3.1.2.1).
    async fn prompt(&self, frozen: &Frozen, other_account: bool) -> Option<&'static str> {
        let wanted = match (frozen.max_age, frozen.login || other_account) {
            (Some(0), _) => ["login"].as_slice(),
            (_, true) => &["select_account", "login"],
            (_, false) => return None,
        };
        let metadata = self.issuer.metadata().await.ok()?;
        let supported = metadata["prompt_values_supported"].as_array();
        let can = |prompt: &&&str| supported.is_none_or(|all| all.iter().any(|p| p == **prompt));
        wanted.iter().find(can).copied()
    }

    /// Exchanges the code; the ID token.
    async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &Secret,
    ) -> Result<String, FetchError> {
        let url = self.endpoint("token_endpoint").await?;
        let metadata = self.issuer.metadata().await?;
        let methods = metadata["token_endpoint_auth_methods_supported"].as_array();
        let offers = |method: &str| methods.is_some_and(|m| m.iter().any(|x| x == method));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", verifier.expose())
            .append_pair("client_id", &self.settings.client_id);
        let mut authorization = None;
        match &self.settings.secret {
            None => {}
            // Basic is what a provider that lists nothing takes (OpenID Connect Discovery §3).
            Some(secret) if methods.is_some() && !offers("client_secret_basic") => {
                form.append_pair("client_secret", secret.expose());
            }
            Some(secret) => authorization = basic(&self.settings.client_id, secret),
        }
        let answer = self
            .fetcher
            .send(Ask {
                url: &url,
                reach: Reach::Named,
                limit: LONGEST,
                form: Some(form.finish()),
                authorization,
            })
            .await?;
        let body: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| FetchError("the answer is not JSON".into()))?;
        match (answer.status, body["id_token"].as_str()) {
            (200, Some(token)) => Ok(token.to_owned()),
            (status, _) => {
                let error = body["error"].as_str().unwrap_or("no ID token");
                let error: String = error.escape_debug().take(100).collect();
                Err(FetchError(format!("it answered {status}: {error}")))
            }
        }
    }
}

fn basic(id: &str, secret: &Secret) -> Option<HeaderValue> {
    use base64::Engine;
    let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", escaped(id), escaped(secret.expose()));
    let text = base64::engine::general_purpose::STANDARD.encode(pair);
    let mut value = HeaderValue::try_from(format!("Basic {text}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A consent that takes its user to the provider.
pub(crate) struct Leave<'a> {
    pub(crate) transaction: &'a Transaction,
    pub(crate) frozen: &'a Frozen,
    pub(crate) scope: &'a str,
    /// Whether the user may want to be another one than last time.
    pub(crate) other_account: bool,
}

/// Sends a user who has just consented to the provider.
pub(crate) async fn leave(
    server: &Server,
    upstream: &Upstream,
    leave: Leave<'_>,
    browser: &Browser,
) -> Result<Answered, Stop> {
    let Leave {
        transaction,
        frozen,
        scope,
        other_account,
    } = leave;
    let to = upstream.endpoint("authorization_endpoint").await;
    let mut to = to.map_err(|error| unreachable_now(upstream, &error))?;
    let state = Secret::random();
    // A browser that is under way twice keeps its cookie, so that both ways lead back.
    let cookie = browser.upstream.clone().unwrap_or_else(Secret::random);
    let away = Away {
        request: transaction.handle.clone(),
        scope: scope.to_owned(),
    };
    let now = server.now();
    let row = Transaction {
        handle: state.digest(),
        browser: cookie.digest(),
        request: serde_json::to_string(&away).map_err(|e| StoreError::Corrupt(e.to_string()))?,
        expires_at: now + PATIENCE,
        origin: transaction.origin.clone(),
    };
    if server.store.put_transaction(&row, MOST, now).await? != Kept::Yes {
        return Err(Stop {
            retry_after: Some(60),
            ..Stop::new(
                429,
                "Too many sign-ins are under way. Please try again in a few minutes.",
            )
        });
    }
    let (nonce, verifier) = derived(server, &state);
    let mut scopes = vec!["openid", "profile"];
    scopes.extend(upstream.settings.scopes.iter().map(String::as_str));
    to.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &upstream.settings.client_id)
        .append_pair("redirect_uri", &callback(server))
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", state.expose())
        .append_pair("nonce", nonce.expose())
        .append_pair(
            "code_challenge",
            &encode(&Sha256::digest(verifier.expose())),
        )
        .append_pair("code_challenge_method", "S256");
    if let Some(prompt) = upstream.prompt(frozen, other_account).await {
        to.query_pairs_mut().append_pair("prompt", prompt);
    }
    // It also makes the provider say when its user signed in (OpenID Connect Core §2, `auth_time`).
    if let Some(max_age) = frozen.max_age {
        let max_age = max_age.to_string();
        to.query_pairs_mut().append_pair("max_age", &max_age);
    }
    Ok(Answered::Away {
        to: to.into(),
        cookie,
    })
}

/// Takes a user who comes back from the provider.
pub(crate) async fn come_back(
    server: &Server,
    upstream: &Upstream,
    params: &Params,
    browser: &Browser,
) -> Result<Answered, Stop> {
    let one = |name: &str| {
        let twice = |_| Stop::new(400, "The provider's answer says something twice.");
        params.one(name).map_err(twice)
    };
    let gone = || {
        Stop::new(
            400,
            "This sign-in has expired or was used already. Go back to your app and connect again.",
        )
    };
    let state = Secret::new(one("state")?.ok_or_else(gone)?.to_owned());
    let now = server.now();
    let row = server.store.transaction(&state.digest(), now).await?;
    let row = row.ok_or_else(gone)?;
    let same_browser = browser
        .upstream
        .as_ref()
        .is_some_and(|cookie| secret::same(&cookie.digest(), &row.browser));
    if !same_browser {
        return Err(Stop::new(
            403,
            "This sign-in was begun in another browser, or cookies are switched off. Go back to your app and connect \
             again.",
        ));
    }
    // From here on it is used up, whatever comes of it.
    if !server.store.take_transaction(&row.handle, now).await? {
        return Err(gone());
    }
    let away: Away = serde_json::from_str(&row.request).map_err(|_| gone())?;
    // Mix-up (RFC 9207 §2.4): the answer has to be this provider's.
    let issuer = upstream.issuer.name.as_str();
    let says_who = match upstream.issuer.metadata().await {
        Ok(metadata) => metadata["authorization_response_iss_parameter_supported"] == true,
        Err(_) => false,
    };
    let from = one("iss")?;
    if from.is_some_and(|from| from != issuer) || (says_who && from.is_none()) {
        return Err(Stop::new(400, "The answer came from another provider."));
    }
    if let Some(error) = one("error")? {
        let error: String = error.escape_debug().take(100).collect();
        audit!(info, "login failed", provider = issuer, error = error);
        return Err(Stop::new(
            400,
            "You were not signed in. Go back to your app and connect again.",
        ));
    }
    let code = one("code")?.ok_or_else(gone)?;
    let transaction = server.store.transaction(&away.request, now).await?;
    let transaction = transaction.ok_or_else(gone)?;
    let frozen: Frozen = serde_json::from_str(&transaction.request)
        .map_err(|e| StoreError::Corrupt(format!("a waiting request: {e}")))?;

    let (nonce, verifier) = derived(server, &state);
    let token = upstream.exchange(code, &callback(server), &verifier).await;
    let token = token.map_err(|error| unreachable_now(upstream, &error))?;
    let left = (row.expires_at - PATIENCE) / 1000;
    let since = frozen.max_age.map(|max_age| left - max_age);
    let user = identify(server, upstream, &token, &nonce, since).await?;
    consent::signed_in(server, &transaction, &frozen, &away.scope, &user, browser).await
}

/// The user whom an ID token names (OpenID Connect Core §3.1.3.7), if they signed in `since` then.
async fn identify(
    server: &Server,
    upstream: &Upstream,
    token: &str,
    nonce: &Secret,
    since: Option<i64>,
) -> Result<UserRecord, Stop> {
    let issuer = upstream.issuer.name.as_str();
    let bad = || {
        audit!(
            warn,
            "login failed",
            provider = issuer,
            error = "the ID token is not one for this sign-in"
        );
        Stop::new(
            400,
            "The provider's answer cannot be used. Go back to your app and connect again.",
        )
    };
    let token = Signed::read(token, LONGEST).ok_or_else(bad)?;
    let claims = &token.claims;
    let ours = upstream.settings.client_id.as_str();
    let audience = claims.audience().unwrap_or_default();
    let for_us = match audience.as_slice() {
        [one] => *one == ours && claims.text("azp").is_none_or(|azp| azp == ours),
        several => several.contains(&ours) && claims.text("azp") == Some(ours),
    };
    let subject = claims
        .text("sub")
        .filter(|sub| sub.len() <= 255 && !sub.trim().is_empty())
        .ok_or_else(bad)?;
    let fits = for_us
        && claims.text("iss") == Some(issuer)
        && claims
            .text("nonce")
            .is_some_and(|n| secret::same(n, nonce.expose()))
        && claims.are_current(server.now() / 1000, SLACK);
    if !fits {
        return Err(bad());
    }
    let signed = upstream.issuer.signed(&token).await;
    if !signed.map_err(|error| unreachable_now(upstream, &error))? {
        return Err(bad());
    }
    // The provider may have taken a session of its own for enough, or does not do what `prompt` and `max_age` ask.
    let signed_in_at = claims.seconds("auth_time");
    if since.is_some_and(|since| signed_in_at.is_none_or(|at| at < since - SLACK)) {
        audit!(
            info,
            "login failed",
            provider = issuer,
            error = "the provider does not say that its user signed in anew"
        );
        return Err(Stop::new(
            403,
            "The app wants you to sign in anew, and the provider did not ask you to. Sign out there, go back to your \
             app and connect again.",
        ));
    }
    let identity = Identity(claims);
    if !upstream.settings.admits(&identity) {
        audit!(
            info,
            "login failed",
            provider = issuer,
            error = "not admitted"
        );
        return Err(Stop::new(403, "You may not sign in to this server."));
    }
    let claims = ["preferred_username", "name", "email"];
    let name = claims
        .iter()
        .filter_map(|claim| identity.claim(claim)?.as_str());
    let name = name
        .map(str::trim)
        .find(|name| check_name(name).is_ok())
        .unwrap_or(subject);
    let user = account(server, issuer, subject, shown(name)).await?;
    if upstream.settings.asks() {
        server
            .store
            .keep_claims(&user.id, &token.claims.written())
            .await?;
    }
    audit!(info, "login", user = user.id, provider = issuer);
    Ok(user)
}

/// The account of an identity, made when it first signs in. Its id *is* the pair of issuer and subject, so that no name
/// and no e-mail address can lead to another's account.
async fn account(
    server: &Server,
    issuer: &str,
    subject: &str,
    name: String,
) -> Result<UserRecord, Stop> {
    let id = format!(
        "user_{}",
        digest(&format!("{} {issuer} {subject}", issuer.len()))
    );
    if server.store.user_by_id(&id).await?.is_none() {
        let fresh = UserRecord {
            id: id.clone(),
            name: name.clone(),
            // Nobody types this one, and no password has this hash.
            name_key: format!("{KEY}{id}"),
            password: "openid".into(),
            demo: None,
            disabled: false,
            created_at: server.now(),
        };
        server.store.add_user(&fresh).await?;
    }
    let user = server.store.user_by_id(&id).await?;
    let mut user = user
        .filter(|user| !user.disabled)
        .ok_or_else(|| Stop::new(403, "You may not sign in to this server."))?;
    if user.name != name {
        server.store.rename_user(&id, &name).await?;
        user.name = name;
    }
    Ok(user)
}

fn derived(server: &Server, state: &Secret) -> (Secret, Secret) {
    let derive = |purpose| server.derive.derive(purpose, state.expose(), &[]);
    (derive("upstream nonce"), derive("upstream verifier"))
}

fn callback(server: &Server) -> String {
    server.site.url.join("/login/callback")
}

fn unreachable_now(upstream: &Upstream, error: &FetchError) -> Stop {
    tracing::error!(provider = upstream.issuer.name, %error, "the OpenID provider cannot be used");
    Stop {
        retry_after: Some(10),
        ..Stop::new(
            503,
            "The sign-in provider cannot be reached. Please try again in a moment.",
        )
    }
}
