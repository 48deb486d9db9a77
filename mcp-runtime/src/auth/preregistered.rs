//! Clients that whoever runs the server entered by hand: MCP's first way for a client to be known.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::clients::{AuthMethod, Client, Metadata};
use super::config::Config;
use super::secret::Secret;
use super::{jose, redirect_uri, register};
use crate::settings::SettingsError;

/// A client that is entered in the configuration instead of registering itself.
///
/// Without a secret and a key it is public. The same can stand in the file that `CLIENTS_FILE` names: a JSON array of
/// client metadata (RFC 7591 §2) with `client_id` and, where there is one, `client_secret`.
///
/// ```
/// # use mcp_runtime::auth::{Auth, ClientRegistration};
/// let portal = ClientRegistration::new("acme-portal", ["https://portal.acme.example/callback"]).name("Acme Portal");
/// let auth = Auth::embedded().client(portal);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRegistration {
    client_id: String,
    #[serde(default, deserialize_with = "secret")]
    client_secret: Option<Secret>,
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

impl ClientRegistration {
    /// A public client of this id, which may redirect to these URIs.
    pub fn new<S: Into<String>>(
        id: impl Into<String>,
        redirect_uris: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            client_id: id.into(),
            client_secret: None,
            client_name: None,
            redirect_uris: redirect_uris.into_iter().map(Into::into).collect(),
            jwks: None,
            jwks_uri: None,
            dpop_bound_access_tokens: false,
        }
    }

    /// The name that the consent page shows, not marked as unverified.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// A secret by which it proves itself, in the header or in the form: 32 characters at least, made at random.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Secret::new(secret.into()));
        self
    }

    /// The public keys (a JWK set) by which it proves itself instead: `private_key_jwt` (RFC 7523 §2.2).
    #[must_use]
    pub fn jwks(mut self, jwks: Value) -> Self {
        self.jwks = Some(jwks);
        self
    }

    /// Where those keys are, on https. Needs the feature `fetch`.
    #[must_use]
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// Whether its tokens must be bound to a key that it proves to have (DPoP, RFC 9449 §5.2).
    #[must_use]
    pub fn dpop_bound_access_tokens(mut self, bound: bool) -> Self {
        self.dpop_bound_access_tokens = bound;
        self
    }

    fn read(&self, config: &Config) -> Result<Client, String> {
        let id = self.client_id.as_str();
        if id.is_empty() || id.len() > 256 || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("its id has to be 1 to 256 visible ASCII characters".into());
        }
        if id.contains("://") || id.starts_with("client_") {
            return Err("its id must not be a URL, nor begin with client_: those are taken".into());
        }
        let name = self.client_name.as_deref();
        if name.is_some_and(|name| name.trim().is_empty() || !register::is_short_text(name)) {
            return Err("its name is blank, longer than 100 characters, or not showable".into());
        }
        if self.redirect_uris.is_empty() {
            return Err("it has no redirect URI".into());
        }
        for uri in &self.redirect_uris {
            redirect_uri::registrable(uri, config).map_err(|why| format!("{why}: `{uri}`"))?;
        }
        let has_keys = self.jwks.is_some() || self.jwks_uri.is_some();
        let method = match (&self.client_secret, has_keys) {
            (Some(_), true) => return Err("it has both a secret and keys: leave one out".into()),
            (Some(secret), false) if secret.expose().len() < 32 => {
                return Err("its secret has fewer than 32 characters".into());
            }
            (Some(_), false) => AuthMethod::ClientSecretBasic,
            (None, true) => AuthMethod::PrivateKeyJwt,
            (None, false) => AuthMethod::None,
        };
        if let Some(jwks) = &self.jwks {
            let keys = jwks.get("keys").and_then(Value::as_array);
            if keys.is_none_or(|k| k.is_empty() || k.iter().any(jose::is_private)) {
                return Err("its `jwks` has to be a set of public keys".into());
            }
        }
        if self
            .jwks_uri
            .as_deref()
            .is_some_and(|uri| !register::is_web_link(uri))
        {
            return Err("its `jwks_uri` is not an https URL".into());
        }
        let metadata = Metadata {
            jwks: self.jwks.clone(),
            jwks_uri: self.jwks_uri.clone(),
            dpop_bound_access_tokens: self.dpop_bound_access_tokens,
            ..Metadata::of(self.redirect_uris.clone(), method, name)
        };
        let digest = self.client_secret.as_ref().map(Secret::digest);
        Ok(Client::configured(id.to_owned(), digest, metadata))
    }
}

/// The clients of the configuration.
///
/// # Errors
/// The first that cannot be one, in a sentence that names it.
pub(super) fn read(config: &Config) -> Result<Vec<Client>, SettingsError> {
    let mut clients: Vec<Client> = Vec::new();
    for registration in &config.clients {
        let id = registration.client_id.escape_debug();
        let bad = |why: String| {
            SettingsError::new(format!(
                "the client `{id}` of the configuration cannot be used: {why}"
            ))
        };
        let client = registration.read(config).map_err(bad)?;
        if clients.iter().any(|other| other.id == client.id) {
            return Err(bad("another has the same id".into()));
        }
        clients.push(client);
    }
    Ok(clients)
}

/// Those of a file.
///
/// # Errors
/// Why it cannot be read, in one sentence.
pub(super) fn read_file(path: &Path) -> Result<Vec<ClientRegistration>, SettingsError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        SettingsError::new(format!(
            "CLIENTS_FILE is `{shown}`, which cannot be read: {e}"
        ))
    })?;
    // The parser's own words would quote a secret.
    serde_json::from_str(&text).map_err(|e| {
        SettingsError::new(format!(
            "CLIENTS_FILE is `{shown}`, which is not a JSON array of clients (line {}, column {}): each has `client_id` \
             and `redirect_uris`, and may have `client_secret`, `client_name`, `jwks`, `jwks_uri`",
            e.line(),
            e.column()
        ))
    })
}
