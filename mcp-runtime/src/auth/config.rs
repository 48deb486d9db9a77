//! What a user of the crate may set about the embedded server.

use std::time::Duration;

#[cfg(feature = "fetch")]
use super::client_document::DocumentFilter;
#[cfg(feature = "fetch")]
use super::fetch::Outbound;
use super::login_page::{self, OwnPage};
#[cfg(feature = "fetch")]
use super::outside::TrustedIssuer;
#[cfg(feature = "fetch")]
use super::provider::OpenIdProvider;
use super::redirect_uri;
use super::secret::{Secret, digest};
use super::user_store::OwnUsers;
use super::{Auth, Brand, ClientRegistration, Clock, Mode};
use crate::settings::SettingsError;

/// The settings of [`Auth::embedded`].
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Scopes with the words of the consent page; the first is the base scope.
    pub(crate) scopes: Vec<(String, String)>,
    /// Scopes, each with one that it implies.
    pub(crate) implied: Vec<(String, String)>,
    pub(crate) demo_users: Vec<(String, Secret)>,
    pub(crate) brand: Brand,
    pub(crate) login_page: Option<OwnPage>,
    /// Users that are kept elsewhere.
    pub(crate) users: Option<OwnUsers>,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    pub(crate) refresh_window: Duration,
    /// How long a refresh token lives that nobody uses.
    pub(crate) refresh_idle: Duration,
    /// How long a grant lives at the most.
    pub(crate) grant_lifetime: Duration,
    /// How long a browser stays signed in.
    pub(crate) session_lifetime: Duration,
    pub(crate) localhost_redirects: bool,
    /// Whether clients may register themselves, and the digest of the token that they need for it.
    pub(crate) registration: bool,
    pub(crate) registration_token: Option<String>,
    /// Whether a proof of possession needs a nonce.
    pub(crate) dpop_nonces: bool,
    /// Whether a yes stands for later requests with nothing new in them.
    pub(crate) remember_consent: bool,
    /// In lower case.
    pub(crate) private_use_schemes: Vec<String>,
    pub(crate) clock: Clock,
    /// Those that need not register.
    pub(crate) clients: Vec<ClientRegistration>,
    #[cfg(feature = "fetch")]
    pub(crate) outbound: Outbound,
    #[cfg(feature = "fetch")]
    pub(crate) client_documents: DocumentFilter,
    /// Where users sign in, in place of the form.
    #[cfg(feature = "fetch")]
    pub(crate) provider: Option<OpenIdProvider>,
    /// Whose tokens are taken, in place of our own.
    #[cfg(feature = "fetch")]
    pub(crate) issuer: TrustedIssuer,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Access tokens live this long at the most, whatever is set: revocations are remembered for as long.
pub(crate) const LONGEST_ACCESS_TOKEN: Duration = Duration::from_secs(60 * 60);

impl Default for Config {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            implied: Vec::new(),
            demo_users: Vec::new(),
            brand: Brand::default(),
            login_page: None,
            users: None,
            access_token_lifetime: Duration::from_secs(10 * 60),
            code_lifetime: Duration::from_secs(60),
            refresh_window: Duration::from_secs(120),
            refresh_idle: 30 * DAY,
            grant_lifetime: 90 * DAY,
            session_lifetime: DAY / 2,
            localhost_redirects: true,
            registration: true,
            registration_token: None,
            dpop_nonces: false,
            remember_consent: true,
            private_use_schemes: Vec::new(),
            clock: Clock::system(),
            clients: Vec::new(),
            #[cfg(feature = "fetch")]
            outbound: Outbound::default(),
            #[cfg(feature = "fetch")]
            client_documents: DocumentFilter::default(),
            #[cfg(feature = "fetch")]
            provider: None,
            #[cfg(feature = "fetch")]
            issuer: TrustedIssuer::default(),
        }
    }
}

impl Config {
    /// Refuses what the specifications or the design forbid.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let life = self.access_token_lifetime;
        if life < Duration::from_secs(1) || life > LONGEST_ACCESS_TOKEN {
            return Err(SettingsError::new(format!(
                "the access token's lifetime is {} s: set it to between 1 second and 1 hour (10 \
                 minutes are usual)",
                life.as_secs()
            )));
        }
        // RFC 6749 §4.1.2.
        if self.code_lifetime < Duration::from_secs(1)
            || self.code_lifetime > Duration::from_secs(600)
        {
            return Err(SettingsError::new(format!(
                "the authorization code's lifetime is {} s: set it to between 1 and 600 seconds \
                 (60 are usual)",
                self.code_lifetime.as_secs()
            )));
        }
        #[cfg(feature = "fetch")]
        if self.provider.is_some() && self.users.is_some() {
            return Err(SettingsError::new(
                "users sign in either at an OpenID provider or from a `UserStore`: leave out `login_with` \
                 (OPENID_ISSUER) or `users`",
            ));
        }
        let unusable = |scheme: &&String| !redirect_uri::is_private_use(scheme);
        if let Some(scheme) = self.private_use_schemes.iter().find(unusable) {
            return Err(SettingsError::new(format!(
                "`{scheme}` is no private-use scheme: name one that an app has for itself, without \
                 `://`, such as cursor"
            )));
        }
        if let (Some(_), Some((name, _))) = (&self.users, self.demo_users.first()) {
            return Err(SettingsError::new(format!(
                "`Auth::users` says where users are kept, so the demo user `{name}` could not sign \
                 in: remove `demo_user`"
            )));
        }
        if let Some(OwnPage(page)) = &self.login_page {
            login_page::check_login_page(&**page)?;
        }
        self.brand.check()
    }
}

/// The settings of the embedded server. On [`Auth::none`] they change nothing.
impl Auth {
    /// The embedded OAuth 2.1 authorization server with its sign-in page. Unless [`scope`](Self::scope) says
    /// otherwise, the base scope is `read`.
    pub fn embedded() -> Self {
        Self(Mode::Embedded(Box::default()))
    }

    pub(super) fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        match &mut self.0 {
            Mode::Open => {}
            Mode::Embedded(config) => change(config),
            #[cfg(feature = "fetch")]
            Mode::Outside(config) => change(config),
        }
        self
    }

    /// Adds a scope with the words that the consent page says for it. The first is the base scope: required of every
    /// request, and granted where a client names none.
    #[must_use]
    pub fn scope(self, name: impl Into<String>, words: impl Into<String>) -> Self {
        self.set(|c| c.scopes.push((name.into(), words.into())))
    }

    /// Whoever has the scope `broad` has these too, as far as tools, lists and refreshes are concerned; the token names
    /// what was granted. What these imply in turn is implied as well. An unknown scope or a circle is refused at the
    /// start.
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// let auth = Auth::embedded()
    ///     .scope("read", "See your files")
    ///     .scope("write", "Change your files")
    ///     .scope_implies("write", ["read"]);
    /// ```
    #[must_use]
    pub fn scope_implies<S: Into<String>>(
        self,
        broad: impl Into<String>,
        narrow: impl IntoIterator<Item = S>,
    ) -> Self {
        let broad = broad.into();
        let pairs = narrow.into_iter().map(|n| (broad.clone(), n.into()));
        self.set(|c| c.implied.extend(pairs))
    }

    /// Adds a demonstration user. The password works only while both the bind address and `PUBLIC_URL` are loopback;
    /// otherwise the user gets a random one, which is shown at the start. Real users are made with `user add`.
    #[must_use]
    pub fn demo_user(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.set(|c| {
            c.demo_users
                .push((name.into(), Secret::new(password.into())))
        })
    }

    /// How the sign-in page presents itself.
    #[must_use]
    pub fn brand(self, brand: Brand) -> Self {
        self.set(|c| c.brand = brand)
    }

    /// How long an access token lives: 10 minutes by default, 1 hour at the most.
    #[must_use]
    pub fn access_token_lifetime(self, lifetime: Duration) -> Self {
        self.set(|c| c.access_token_lifetime = lifetime)
    }

    /// How long an authorization code lives: 60 seconds by default, 600 at the most (RFC 6749 §4.1.2).
    #[must_use]
    pub fn code_lifetime(self, lifetime: Duration) -> Self {
        self.set(|c| c.code_lifetime = lifetime)
    }

    /// For how long a client that lost the answer to a refresh gets the same answer again: 120 seconds by default,
    /// zero for never.
    #[must_use]
    pub fn refresh_window(self, window: Duration) -> Self {
        self.set(|c| c.refresh_window = window)
    }

    /// Whether `http://localhost` is a loopback redirect, whose port may vary as that of `127.0.0.1` does
    /// (RFC 8252 §7.3, §8.3): yes by default.
    #[must_use]
    pub fn localhost_redirects(self, allowed: bool) -> Self {
        self.set(|c| c.localhost_redirects = allowed)
    }

    /// Whether clients may register themselves (RFC 7591): yes by default, as MCP clients expect. Without it, `/register`
    /// is not there and not advertised.
    #[must_use]
    pub fn registration(self, open: bool) -> Self {
        self.set(|c| c.registration = open)
    }

    /// Lets only those clients register that present this initial access token (RFC 7591 §3) as a bearer token. No MCP
    /// client has one by itself: this is for deployments that register their clients by a script.
    #[must_use]
    pub fn registration_token(self, token: impl AsRef<str>) -> Self {
        self.set(|c| c.registration_token = Some(digest(token.as_ref())))
    }

    /// Asks clients that bind their tokens to a key (DPoP, RFC 9449) for a nonce in each proof (§8), so that nobody can
    /// make proofs in advance: no by default, since it costs each of them one more request. All replicas on a store give
    /// and take the same nonces. Proofs are taken within a minute of their time and once either way.
    #[must_use]
    pub fn dpop_nonces(self, needed: bool) -> Self {
        self.set(|c| c.dpop_nonces = needed)
    }

    /// Whether a user who is signed in is spared the page where there is nothing new to say yes to: the same client, with
    /// the same name and redirect URI, asks for no scope beyond those of a grant that lives. Yes by default; programs on
    /// the user's machine, and requests that another site's page may have caused, are asked for every time all the same.
    #[must_use]
    pub fn remember_consent(self, remember: bool) -> Self {
        self.set(|c| c.remember_consent = remember)
    }

    /// The schemes of apps to which clients may redirect, such as `cursor` for `cursor://` (RFC 8252 §7.1): none by
    /// default, since any app on a device may claim such a scheme. A scheme that a browser or the system runs or opens
    /// itself is refused at the start.
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// let auth = Auth::embedded().private_use_schemes(["cursor", "vscode"]);
    /// ```
    #[must_use]
    pub fn private_use_schemes<S: Into<String>>(
        self,
        schemes: impl IntoIterator<Item = S>,
    ) -> Self {
        let lower = |scheme: S| scheme.into().to_ascii_lowercase();
        self.set(|c| c.private_use_schemes = schemes.into_iter().map(lower).collect())
    }

    /// Adds a client that need not register itself; `CLIENTS_FILE` adds more.
    #[must_use]
    pub fn client(self, client: ClientRegistration) -> Self {
        self.set(|c| c.clients.push(client))
    }

    /// Which clients may be named by a URL (Client ID Metadata Documents): all of them by default. Where this says no,
    /// the document is not asked for and the client is unknown.
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// let hosts = ["claude.ai", "chatgpt.com"];
    /// let auth = Auth::embedded().client_documents(move |url| url.host_str().is_some_and(|h| hosts.contains(&h)));
    /// let none = Auth::embedded().client_documents(|_| false);
    /// ```
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn client_documents(
        self,
        admit: impl Fn(&url::Url) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.set(|c| c.client_documents = DocumentFilter::new(admit))
    }

    /// How the server reaches others.
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn outbound(self, outbound: Outbound) -> Self {
        self.set(|c| c.outbound = outbound)
    }

    /// Another clock than the system's, for tests.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.set(|c| c.clock = clock)
    }
}
