//! A resource server alone: the tokens of an outside authorization server, verified by its public keys.
//!
//! Discovery of the issuer and its keys is in `issuer.rs`; here is what a token must say.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::access_token::LONGEST;
use super::config::Config;
use super::dpop::{Flaw, Used};
use super::fetch::Fetcher;
use super::gate::{Credential, Gate, Known, Verified};
use super::issuer::{self, Issuer};
use super::jose::{Claims, Signed};
use super::scope::Scopes;
use super::{Auth, Clock, Credentials, Mode, Refusal, Site, keys, metadata};
use crate::dispatch::Shared;
use crate::extract::User;
use crate::settings::SettingsError;
use crate::store::Millis;

/// Seconds that the issuer's clock may be ahead.
const SLACK: i64 = 5;

/// Whose tokens are taken, and what they must look like.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedIssuer {
    name: String,
    jwks_uri: Option<String>,
    audiences: Vec<String>,
    plain_jwt: bool,
}

/// The settings of [`Auth::jwt`]. On other modes they change nothing.
impl Auth {
    /// Takes the access tokens of an outside authorization server, verified by the keys that it publishes. This server
    /// then has no users, no pages and no store; clients learn the issuer from the resource's metadata (RFC 9728).
    ///
    /// A token has to be a JWT of the profile of RFC 9068 (`at+jwt`) for the audience `PUBLIC_URL` + `/mcp`;
    /// [`audience`](Self::audience) and [`plain_jwt`](Self::plain_jwt) are for providers that differ. Scopes are read
    /// from `scope` or `scp`; no scope is required of every request unless [`scope`](Self::scope) names one.
    /// [`User::id`] is the token's `sub`.
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// let auth = Auth::jwt("https://id.example.com").scope("mcp", "Use the tools");
    /// ```
    pub fn jwt(issuer: impl Into<String>) -> Self {
        Self(Mode::Outside(Box::default())).set(|c| c.issuer.name = issuer.into())
    }

    /// Takes tokens for this audience in place of the endpoint's URL; call it again for another. For providers that do
    /// not know resource indicators (RFC 8707), such as those with `api://…`.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.set(|c| c.issuer.audiences.push(audience.into()))
    }

    /// Takes tokens that do not say that they are access tokens (`typ` is `JWT` or missing) too, for providers that
    /// mark none. Then the audience alone tells an access token from an ID token, so it must not be a client's id.
    #[must_use]
    pub fn plain_jwt(self) -> Self {
        self.set(|c| c.issuer.plain_jwt = true)
    }

    /// Where the issuer's keys are, for one that publishes no metadata.
    #[must_use]
    pub fn jwks_uri(self, url: impl Into<String>) -> Self {
        self.set(|c| c.issuer.jwks_uri = Some(url.into()))
    }
}

/// The check of an outside issuer's tokens.
pub(crate) struct Outside {
    site: Site,
    issuer: Issuer,
    audiences: Vec<String>,
    plain_jwt: bool,
    scopes: Scopes,
    gate: Gate,
    clock: Clock,
    /// Proofs that came with tokens which are bound to a key.
    used: Used,
    /// What the processes on one store have in common, where a store was opened for tasks.
    shared: Option<Shared>,
}

impl Outside {
    /// Prepares the check. An issuer that is away now is asked again later.
    ///
    /// # Errors
    /// A setting that cannot be used, in one sentence.
    pub(crate) async fn start(
        config: Config,
        site: &Site,
        extra_scopes: Vec<String>,
        shared: Option<Shared>,
    ) -> Result<Self, SettingsError> {
        let trusted = config.issuer;
        let name = &trusted.name;
        if !issuer::is_identifier(name) {
            return Err(SettingsError::new(format!(
                "the issuer of Auth::jwt is `{name}`: write its https:// URL as its tokens have it in `iss`, without \
                 query and fragment"
            )));
        }
        let base = config.scopes.first().map(|(name, _)| name.clone());
        let scopes = Scopes::checked(config.scopes, &config.implied, extra_scopes)?;
        let fetcher = Fetcher::new(&config.outbound)?.ok_or_else(|| {
            SettingsError::new(
                "no certificate authorities were found, so the issuer's keys cannot be fetched: install ca-certificates, \
                 or name one by `Outbound::trust`",
            )
        })?;
        keys::install_backend();
        let audiences = match trusted.audiences.is_empty() {
            true => vec![site.resource()],
            false => trusted.audiences,
        };
        let outside = Self {
            gate: Gate::new(site, base.as_deref().unwrap_or_default()),
            site: site.clone(),
            issuer: Issuer::new(
                trusted.name,
                trusted.jwks_uri,
                fetcher,
                config.clock.clone(),
            ),
            audiences,
            plain_jwt: trusted.plain_jwt,
            scopes,
            used: Used::default(),
            clock: config.clock,
            shared,
        };
        outside.issuer.warm().await;
        Ok(outside)
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    pub(crate) fn shared(&self) -> Option<Shared> {
        self.shared.clone()
    }

    /// The resource's metadata, which names the issuer.
    pub(crate) fn metadata(&self) -> Value {
        metadata::resource(&self.site, &self.issuer.name, &self.scopes)
    }

    pub(crate) fn banner_lines(&self) -> Vec<String> {
        vec![format!("auth    tokens of {}", self.issuer.name)]
    }

    /// The caller of a request.
    pub(crate) async fn authenticate(
        &self,
        request: Credentials<'_>,
    ) -> Result<Arc<User>, Refusal> {
        let sent = self.gate.credential(request.authorization)?;
        let now = self.clock.now();
        let known = self.known(&sent, now).await?;
        let proof = self.gate.possession(&sent, &known, &request, None, now)?;
        if proof.is_some_and(|proof| !proof.spend_here(&self.used, now)) {
            return Err(self.gate.bad_proof(Flaw::Proof));
        }
        self.gate.admit(known.user)
    }

    /// Whether a caller who was let in by this would still be.
    pub(crate) async fn still_admits(&self, authorization: &[u8]) -> bool {
        let Ok(sent) = self.gate.credential(&[authorization]) else {
            return false;
        };
        let known = self.known(&sent, self.clock.now()).await;
        known.is_ok_and(|known| {
            Gate::is_sent_rightly(&sent, &known) && self.gate.admit(known.user).is_ok()
        })
    }

    async fn known(&self, sent: &Credential<'_>, now: Millis) -> Result<Known, Refusal> {
        let digest: [u8; 32] = Sha256::digest(sent.token).into();
        if let Some(known) = self.gate.seen(&digest, now) {
            return Ok(known);
        }
        let bad = || self.gate.bad_token(sent);
        let token = std::str::from_utf8(sent.token).map_err(|_| bad())?;
        // In a box, as whatever is rare: the future of every call would be larger by it.
        let verified = Box::pin(self.verify(token, now)).await?.ok_or_else(bad)?;
        let known = verified.known.clone();
        self.gate.keep(digest, verified, now);
        Ok(known)
    }

    pub(crate) fn step_up(&self, needed: &[&str], user: &User) -> Option<Refusal> {
        self.gate.step_up(needed, user)
    }

    async fn verify(&self, token: &str, now: Millis) -> Result<Option<Verified>, Refusal> {
        // What the token says of itself comes first: only one that could be good is worth a look at the issuer's keys.
        let Some(token) = Signed::read(token, LONGEST).filter(|token| self.fits(token, now)) else {
            return Ok(None);
        };
        match self.issuer.signed(&token).await {
            Ok(true) => Ok(self.accept(&token.claims, now)),
            Ok(false) => Ok(None),
            Err(_) => Err(Refusal {
                status: 503,
                challenge: None,
                retry_after: Some(10),
                error: "temporarily_unavailable",
                description: "the keys of the authorization server cannot be had right now".into(),
            }),
        }
    }

    fn fits(&self, token: &Signed<'_>, now: Millis) -> bool {
        let claims = &token.claims;
        let typ = match token.typ().as_deref() {
            Some("at+jwt") => true,
            Some("jwt") | None => {
                self.plain_jwt && token.header("typ").is_none_or(Value::is_string)
            }
            Some(_) => false,
        };
        let ours = |aud: &&str| self.audiences.iter().any(|ours| ours == aud);
        typ && claims.text("iss") == Some(&self.issuer.name)
            && claims.text("sub").is_some()
            && claims.audience().is_some_and(|all| all.iter().any(ours))
            && claims.are_current(now / 1000, SLACK)
    }

    fn accept(&self, claims: &Claims, now: Millis) -> Option<Verified> {
        let sub = claims.text("sub")?;
        let name = ["preferred_username", "name"];
        let name = name.iter().find_map(|claim| claims.text(claim));
        let scopes = scopes(claims);
        let scopes = self.scopes.expand(&scopes);
        let scopes = scopes.into_iter().filter(|scope| !scope.is_empty());
        let mut user = User::new(sub, name.unwrap_or(sub)).with_scopes(scopes);
        let client = ["client_id", "azp", "cid", "appid"];
        if let Some(client) = client.iter().find_map(|claim| claims.text(claim)) {
            user = user.with_client(client);
        }
        let key = bound_to(claims)?;
        Some(Verified {
            known: Known {
                user: Arc::new(user.with_bound(key.is_some())),
                key,
            },
            grant: String::new(),
            id: claims.text("jti").unwrap_or_default().to_owned(),
            // Nobody tells us of a revocation: after a while the token is looked at again.
            expires_at: claims
                .seconds("exp")?
                .saturating_mul(1000)
                .min(now + 60_000),
        })
    }
}

/// The thumbprint of the key to which a token is bound, if it is; `None` where it is bound by what cannot be checked here,
/// such as a certificate: taking it for a bearer token would give it to whoever stole it.
#[expect(
    clippy::option_option,
    reason = "whether it can be checked, and by what"
)]
fn bound_to(claims: &Claims) -> Option<Option<Arc<str>>> {
    match claims.get("cnf") {
        None => Some(None),
        Some(Value::Object(ways)) if ways.len() == 1 => {
            let key = ways.get("jkt")?.as_str()?;
            Some(Some(key.into()))
        }
        Some(_) => None,
    }
}

/// The scopes of a token: a text with blanks (RFC 9068 §2.2.3), or a list, as some providers write it.
fn scopes(claims: &Claims) -> String {
    let value = claims.get("scope").or_else(|| claims.get("scp"));
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) => {
            let all = all.iter().filter_map(Value::as_str);
            all.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}
