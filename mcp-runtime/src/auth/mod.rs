//! Who may call: the embedded OAuth 2.1 authorization server, and the check of every request's token.
//!
//! [`Auth`] is what a user of the crate sets; the transport holds the `Guard` that came of it.

#[cfg(feature = "auth")]
mod access_token;
#[cfg(feature = "auth")]
mod account;
#[cfg(all(feature = "auth", feature = "cli"))]
mod admin;
#[cfg(feature = "auth")]
mod approve;
#[cfg(feature = "fetch")]
mod assertion;
#[cfg(feature = "auth")]
mod audit;
#[cfg(feature = "auth")]
mod authorize;
#[cfg(feature = "auth")]
mod brand;
#[cfg(feature = "fetch")]
mod client_document;
#[cfg(feature = "auth")]
mod clients;
#[cfg(feature = "auth")]
mod clock;
#[cfg(feature = "auth")]
mod code;
#[cfg(feature = "auth")]
mod config;
#[cfg(feature = "auth")]
mod consent;
#[cfg(feature = "auth")]
mod consent_page;
#[cfg(feature = "auth")]
mod demo;
#[cfg(feature = "auth")]
mod dpop;
#[cfg(feature = "auth")]
mod fault;
#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "auth")]
mod gate;
mod guard;
#[cfg(feature = "auth")]
mod hashing;
pub(crate) mod http;
#[cfg(feature = "auth")]
mod introspect;
#[cfg(feature = "fetch")]
mod issuer;
#[cfg(feature = "auth")]
#[cfg_attr(not(feature = "fetch"), allow(dead_code))]
mod jose;
#[cfg(feature = "auth")]
mod keys;
#[cfg(feature = "auth")]
mod login;
#[cfg(feature = "auth")]
mod login_page;
#[cfg(feature = "auth")]
mod metadata;
#[cfg(feature = "fetch")]
mod outside;
#[cfg(feature = "auth")]
mod params;
#[cfg(feature = "auth")]
mod pkce;
#[cfg(feature = "auth")]
mod preregistered;
#[cfg(feature = "fetch")]
mod provider;
#[cfg(feature = "auth")]
mod redirect_uri;
#[cfg(feature = "auth")]
mod refresh;
#[cfg(feature = "auth")]
mod register;
#[cfg(feature = "auth")]
mod remembered;
#[cfg(feature = "auth")]
mod resource;
#[cfg(feature = "auth")]
mod revoke;
#[cfg(feature = "auth")]
mod scope;
#[cfg(feature = "auth")]
mod secret;
#[cfg(feature = "auth")]
mod server;
#[cfg(feature = "auth")]
mod shared;
#[cfg(feature = "auth")]
mod standing;
#[cfg(feature = "auth")]
mod strict_json;
#[cfg(feature = "auth")]
mod throttle;
#[cfg(feature = "auth")]
mod token;
#[cfg(feature = "fetch")]
mod upstream;
#[cfg(feature = "auth")]
mod user_store;
#[cfg(feature = "auth")]
mod users;

#[cfg(all(feature = "auth", feature = "cli"))]
pub(crate) use admin::Admin;
#[cfg(feature = "auth")]
pub use brand::Brand;
#[cfg(feature = "auth")]
pub use clock::Clock;
#[cfg(feature = "fetch")]
pub use fetch::{Outbound, Resolver, Resolving};
pub(crate) use guard::{Credentials, Guard, Refusal};
#[cfg(feature = "auth")]
pub use login_page::{LoginPage, ScopeLine, SignIn, Text, check_login_page};
#[cfg(feature = "auth")]
pub use preregistered::ClientRegistration;
#[cfg(feature = "fetch")]
pub use provider::{Identity, OpenIdProvider};
#[cfg(feature = "auth")]
pub use user_store::{Account, UserStore, UserStoreError, hash_password};
#[cfg(all(feature = "auth", feature = "cli"))]
pub(crate) use users::shown;

#[cfg(feature = "auth")]
use std::sync::Arc;

use crate::settings::{PublicUrl, Settings, SettingsError};

/// How a server knows its callers.
///
/// With the feature `auth`, the default is [`Auth::embedded`]; without it, serving needs an explicit
/// [`Auth::none`].
#[derive(Debug, Clone)]
pub struct Auth(pub(crate) Mode);

#[derive(Debug, Clone)]
pub(crate) enum Mode {
    /// Everyone may call, as nobody.
    Open,
    /// The embedded authorization server.
    #[cfg(feature = "auth")]
    Embedded(Box<config::Config>),
    /// Tokens of an outside authorization server.
    #[cfg(feature = "fetch")]
    Outside(Box<config::Config>),
}

impl Auth {
    /// No authorization: whoever reaches the endpoint may call every tool, and there is no user.
    pub fn none() -> Self {
        Self(Mode::Open)
    }

    /// Prepares what the transport asks on each request. Where everyone may call, a store is opened only for tasks,
    /// and only where `DATABASE_URL` names it.
    ///
    /// # Errors
    /// A setting or a store that cannot be used, in one sentence that says what to do.
    #[cfg_attr(not(feature = "auth"), allow(unused_variables))]
    pub(crate) async fn start(
        self,
        site: &Site,
        settings: &Settings,
        needs: Needs,
    ) -> Result<Guard, SettingsError> {
        match self.0 {
            #[cfg(feature = "auth")]
            Mode::Open if needs.records && settings.database_url.is_some() => {
                let store = crate::store::Sql::open(settings, &site.server_name).await?;
                Ok(Guard::open(Some(shared::open(Arc::new(store)).await?)))
            }
            Mode::Open => Ok(Guard::open(None)),
            #[cfg(feature = "auth")]
            Mode::Embedded(mut config) => {
                if let Some(file) = &settings.clients_file {
                    config.clients.extend(preregistered::read_file(file)?);
                }
                #[cfg(feature = "fetch")]
                config.outbound.settle(settings);
                #[cfg(feature = "fetch")]
                if config.provider.is_none() {
                    config.provider = OpenIdProvider::of_settings(settings)?;
                }
                let store = Arc::new(crate::store::Sql::open(settings, &site.server_name).await?);
                let server =
                    server::Server::start(*config, site, settings, store, needs.scopes).await?;
                server.keep_house();
                Ok(Guard::embedded(server))
            }
            #[cfg(feature = "fetch")]
            Mode::Outside(mut config) => {
                config.outbound.settle(settings);
                let store = match needs.records && settings.database_url.is_some() {
                    true => Some(crate::store::Sql::open(settings, &site.server_name).await?),
                    false => None,
                };
                let shared = match store {
                    Some(store) => Some(shared::open(Arc::new(store)).await?),
                    None => None,
                };
                let outside = outside::Outside::start(*config, site, needs.scopes, shared).await?;
                Ok(Guard::of_outside(Arc::new(outside)))
            }
        }
    }
}

#[cfg(feature = "auth")]
impl Default for Auth {
    fn default() -> Self {
        Self::embedded()
    }
}

/// What the items of a server need of it.
#[derive(Debug)]
pub(crate) struct Needs {
    /// The scopes that they name.
    #[cfg_attr(not(feature = "auth"), allow(dead_code))]
    pub(crate) scopes: Vec<String>,
    /// Whether records of tasks are kept.
    #[cfg_attr(not(feature = "auth"), allow(dead_code))]
    pub(crate) records: bool,
}

/// Where a server stands in the world.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The base URL in all metadata; the issuer.
    pub(crate) url: PublicUrl,
    /// The path of the MCP endpoint below it: `/mcp`.
    pub(crate) endpoint: String,
    /// The server's name, to show, and for the store's directory.
    #[cfg_attr(not(feature = "auth"), allow(dead_code))]
    pub(crate) server_name: String,
    /// Whether only this machine can reach the bind address.
    pub(crate) loopback_bind: bool,
}

impl Site {
    /// The place of a server with this name under this URL.
    pub(crate) fn of(url: PublicUrl, server_name: &str, settings: &Settings) -> Self {
        Self {
            url,
            endpoint: "/mcp".into(),
            server_name: server_name.into(),
            loopback_bind: settings.binds_loopback(),
        }
    }
}

#[cfg(feature = "auth")]
impl Site {
    /// The resource identifier of the endpoint, the `aud` of its tokens: never ends in a slash.
    pub(crate) fn resource(&self) -> String {
        self.url.join(self.endpoint.trim_end_matches('/'))
    }
}
