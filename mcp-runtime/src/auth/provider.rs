//! What a user of the crate may set about an upstream OpenID provider.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::Auth;
use super::jose::Claims;
use super::secret::Secret;
use crate::settings::{Settings, SettingsError};

/// An OpenID provider at which users sign in, in place of the password form: an application registered there with the
/// redirect URI `PUBLIC_URL` + `/login/callback`.
///
/// The settings `OPENID_ISSUER`, `OPENID_CLIENT_ID` and `OPENID_CLIENT_SECRET` say the same.
///
/// ```
/// # use mcp_runtime::auth::{Auth, OpenIdProvider};
/// # let secret = "from the environment";
/// let provider = OpenIdProvider::new("https://id.acme.example", "mcp-server")
///     .secret(secret)
///     .name("Acme ID")
///     .admit(|identity| identity.claim("hd").is_some_and(|domain| domain == "acme.example"));
/// let auth = Auth::embedded().login_with(provider);
/// ```
#[derive(Clone)]
pub struct OpenIdProvider {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) secret: Option<Secret>,
    pub(super) name: Option<String>,
    pub(super) scopes: Vec<String>,
    admit: Option<Arc<Admit>>,
}

type Admit = dyn Fn(&Identity<'_>) -> bool + Send + Sync;

impl OpenIdProvider {
    /// The provider with this issuer (as its tokens have it in `iss`), and the id of the application there.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            secret: None,
            name: None,
            scopes: Vec::new(),
            admit: None,
        }
    }

    /// The application's secret; without it, PKCE alone protects the exchange.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Secret::new(secret.into()));
        self
    }

    /// The name on the button, “Continue with …”; by default the issuer's host.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Asks the provider for this scope besides `openid` and `profile`, such as `email`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Who may sign in: by default everyone whom the provider vouches for.
    ///
    /// It is asked at each sign-in, and again at each use of a session or a refresh token, with the claims of the last
    /// sign-in, which the store keeps for that. Whom it no longer admits is signed out, and their grants end; access
    /// tokens that were given out are refused too. Whose claims were not kept, since there was no such rule when they
    /// signed in, has to sign in anew.
    #[must_use]
    pub fn admit(mut self, admit: impl Fn(&Identity<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.admit = Some(Arc::new(admit));
        self
    }

    /// Whether there is a rule.
    pub(super) fn asks(&self) -> bool {
        self.admit.is_some()
    }

    pub(super) fn admits(&self, identity: &Identity<'_>) -> bool {
        self.admit.as_ref().is_none_or(|admit| admit(identity))
    }

    /// The provider of the settings.
    pub(super) fn of_settings(settings: &Settings) -> Result<Option<Self>, SettingsError> {
        match (&settings.openid_issuer, &settings.openid_client_id) {
            (None, None) => Ok(None),
            (Some(issuer), Some(id)) => Ok(Some(Self {
                secret: settings.openid_client_secret.clone().map(Secret::new),
                ..Self::new(issuer, id)
            })),
            _ => Err(SettingsError::new(
                "OPENID_ISSUER and OPENID_CLIENT_ID belong together: set both, or neither",
            )),
        }
    }
}

impl fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdProvider")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Whom a provider vouches for: the claims of a verified ID token.
pub struct Identity<'a>(pub(super) &'a Claims);

impl Identity<'_> {
    /// The user's id at the provider (`sub`): never given to another.
    pub fn subject(&self) -> &str {
        self.0.text("sub").unwrap_or_default()
    }

    /// A claim of the ID token (OpenID Connect Core §5.1), such as `email`; whether `email_verified` holds is yours to
    /// ask.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.subject()).finish()
    }
}

impl Auth {
    /// Lets users sign in at an OpenID provider in place of the password form. Consent stays here and comes first. Users
    /// are told apart by the provider's issuer and their `sub` there, never by name or e-mail address.
    #[must_use]
    pub fn login_with(self, provider: OpenIdProvider) -> Self {
        self.set(|c| c.provider = Some(provider))
    }
}
