//! Clients: who they are, and whether a caller is the one it says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access_token;
#[cfg(feature = "fetch")]
use super::assertion;
use super::authorize::Stop;
#[cfg(feature = "fetch")]
use super::client_document;
use super::fault::Fault;
use super::jose::Signed;
use super::params::{Params, unescape};
use super::secret::{self, digest};
use super::server::Server;
use super::standing::Standing;
use super::users::is_showable;
use crate::store::StoreError;

/// The `client_assertion_type` of RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Bytes of a client's assertion.
pub(crate) const LONGEST_ASSERTION: usize = 8 * 1024;

/// How a client authenticates at the token endpoint (RFC 7591 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthMethod {
    /// A public client: it has no secret.
    None,
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// An assertion that its private key signed (RFC 7523 §2.2).
    PrivateKeyJwt,
}

/// What a client registered, as it is kept and echoed (RFC 7591 §2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) token_endpoint_auth_method: AuthMethod,
    pub(crate) grant_types: Vec<String>,
    pub(crate) response_types: Vec<String>,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) contacts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) application_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) software_version: Option<String>,
    /// Its public keys, or where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jwks: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jwks_uri: Option<String>,
    /// Whether its tokens must be bound to a key (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dpop_bound_access_tokens: bool,
}

impl Metadata {
    /// What is usual, for a client of these redirect URIs.
    pub(crate) fn of(
        redirect_uris: Vec<String>,
        token_endpoint_auth_method: AuthMethod,
        client_name: Option<&str>,
    ) -> Self {
        Self {
            redirect_uris,
            token_endpoint_auth_method,
            grant_types: vec!["authorization_code".into(), "refresh_token".into()],
            response_types: vec!["code".into()],
            // The base scope, where a request names none.
            scope: String::new(),
            client_name: client_name.map(Into::into),
            client_uri: None,
            logo_uri: None,
            tos_uri: None,
            policy_uri: None,
            contacts: Vec::new(),
            application_type: None,
            software_id: None,
            software_version: None,
            jwks: None,
            jwks_uri: None,
            dpop_bound_access_tokens: false,
        }
    }
}

/// What the store keeps of a client besides its secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    #[serde(flatten)]
    pub(crate) metadata: Metadata,
    /// Whether the client named its authentication method. One that did not may send its secret either way.
    #[serde(rename = "_method_named")]
    pub(crate) method_named: bool,
}

/// A client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    secret: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) standing: Standing,
    /// How it may authenticate.
    methods: Vec<AuthMethod>,
    /// How it did, at this request.
    came_by: AuthMethod,
}

impl Client {
    /// The name that it claims, if it claims one that can be seen.
    pub(crate) fn name(&self) -> Option<&str> {
        showable(self.metadata.client_name.as_deref()?)
    }

    /// A client that published a document.
    #[cfg(feature = "fetch")]
    pub(crate) fn of_document(id: &str, metadata: Metadata, methods: Vec<AuthMethod>) -> Self {
        Self {
            id: id.to_owned(),
            secret: None,
            metadata,
            standing: Standing::Document,
            methods,
            came_by: AuthMethod::None,
        }
    }

    /// A client of the configuration; the secret is a digest.
    pub(crate) fn configured(id: String, secret: Option<String>, metadata: Metadata) -> Self {
        let methods = match (&secret, metadata.token_endpoint_auth_method) {
            (Some(_), _) => vec![AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost],
            (None, method) => vec![method],
        };
        Self {
            id,
            secret,
            metadata,
            standing: Standing::Configured,
            methods,
            came_by: AuthMethod::None,
        }
    }

    /// What it says of itself, as a digest: a client that changes it is another one to its users.
    pub(crate) fn face(&self) -> String {
        digest(&serde_json::to_string(&self.metadata).unwrap_or_default())
    }

    /// Whether it has proven itself at this request, by a secret or a key. Some may, and need not.
    pub(crate) fn is_proven(&self) -> bool {
        self.came_by != AuthMethod::None
    }

    /// Whether it registered this grant type.
    pub(crate) fn may(&self, grant_type: &str) -> bool {
        self.metadata.grant_types.iter().any(|g| g == grant_type)
    }
}

/// The name in the metadata that is kept of a client, if it is one that can be seen.
fn claimed_name(metadata: &str) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    showable(metadata["client_name"].as_str()?).map(Into::into)
}

fn showable(name: &str) -> Option<&str> {
    let name = name.trim();
    (!name.is_empty() && is_showable(name)).then_some(name)
}

/// What is known of a client id.
pub(crate) enum Known {
    Client(Box<Client>),
    /// A URL whose document was not read yet.
    #[cfg_attr(not(feature = "fetch"), allow(dead_code))]
    Unread,
    Nobody,
}

/// What is known here of that id: the one place where ids become clients, whatever kind of id it is. Asks no one else.
pub(crate) async fn known(server: &Server, id: &str) -> Result<Known, StoreError> {
    if let Some(known) = unregistered(server, id) {
        return Ok(known);
    }
    let Some(record) = server.store.client(id).await? else {
        return Ok(Known::Nobody);
    };
    let stored: Stored = serde_json::from_str(&record.metadata)
        .map_err(|e| StoreError::Corrupt(format!("the metadata of a client: {e}")))?;
    let method = stored.metadata.token_endpoint_auth_method;
    let methods = match stored.method_named {
        true => vec![method],
        // It may send its secret either way.
        false => vec![AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost],
    };
    Ok(Known::Client(Box::new(Client {
        id: record.id,
        secret: record.secret,
        metadata: stored.metadata,
        standing: Standing::Registered,
        methods,
        came_by: AuthMethod::None,
    })))
}

/// What is known of a client that did not register, of which the store has no record.
fn unregistered(server: &Server, id: &str) -> Option<Known> {
    if let Some(client) = server.clients.iter().find(|c| c.id == id) {
        return Some(Known::Client(Box::new(client.clone())));
    }
    #[cfg(feature = "fetch")]
    if client_document::is_identifier(server, id) {
        return Some(match client_document::known(server, id) {
            Some(client) => Known::Client(Box::new(client)),
            None => Known::Unread,
        });
    }
    None
}

/// What a client goes by, and who vouches for that; `metadata` is what the store keeps of it, if it registered.
pub(crate) fn introduced(
    server: &Server,
    id: &str,
    metadata: Option<&str>,
) -> (Option<String>, Standing) {
    let (claimed, standing) = match unregistered(server, id) {
        Some(Known::Client(client)) => (client.name().map(Into::into), client.standing),
        Some(_) => (None, Standing::Document),
        None => (metadata.and_then(claimed_name), Standing::Registered),
    };
    (standing.name(id, claimed), standing)
}

/// The client of that id, for someone who signed in or for what came of that: its document is read if need be.
pub(crate) async fn find(server: &Server, id: &str) -> Result<Option<Client>, Missing> {
    match known(server, id).await? {
        Known::Client(client) => Ok(Some(*client)),
        #[cfg(feature = "fetch")]
        Known::Unread => client_document::find(server, id).await,
        #[cfg(not(feature = "fetch"))]
        Known::Unread => Ok(None),
        Known::Nobody => Ok(None),
    }
}

/// Why a client that may exist cannot be had now.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "fetch"), allow(dead_code))]
pub(crate) enum Missing {
    /// Its document cannot be fetched, or is not one. Never said why.
    Bad,
    /// Too many documents were fetched; seconds until the next may be.
    Busy(u32),
    /// The store gave no answer.
    Store(String),
}

impl From<StoreError> for Missing {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<Missing> for Fault {
    fn from(missing: Missing) -> Self {
        match missing {
            // Never `invalid_client`: a host would throw its registration away, and the document may be back soon.
            Missing::Bad => Self::unavailable(30),
            Missing::Busy(seconds) => Self::unavailable(seconds),
            Missing::Store(error) => StoreError::Unavailable(error).into(),
        }
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Bad => Self::new(
                400,
                "The app's own description could not be read, so nothing was allowed. Go back to \
                 your app and connect again, or tell whoever makes it.",
            ),
            Missing::Busy(seconds) => Self {
                retry_after: Some(seconds),
                ..Self::new(
                    503,
                    "Many apps are connecting. Please try again in a minute.",
                )
            },
            Missing::Store(error) => StoreError::Unavailable(error).into(),
        }
    }
}

/// What a caller of the token endpoint presents.
struct Presented {
    id: String,
    method: AuthMethod,
    secret: Option<String>,
    assertion: Option<String>,
}

/// The client that calls, authenticated in the way that it registered (RFC 6749 §2.3, §3.2.1).
///
/// # Errors
/// `invalid_client`, or `invalid_request` where two ways are mixed.
pub(crate) async fn authenticate(
    server: &Server,
    params: &Params,
    authorization: &[Vec<u8>],
) -> Result<Client, Fault> {
    let basic = !authorization.is_empty();
    let presented = present(params, authorization)?;
    let no = || Fault::invalid_client(basic);
    let mut client = match known(server, &presented.id).await? {
        Known::Client(client) => *client,
        Known::Nobody => return Err(no()),
        // A stranger's word is no reason to go out and ask: what it presents has to have come of a login.
        Known::Unread if !holds_something(server, params, &presented.id).await? => {
            return Err(no());
        }
        Known::Unread => find(server, &presented.id).await?.ok_or_else(no)?,
    };
    if !client.methods.contains(&presented.method) {
        return Err(no());
    }
    let proven = match (&presented.assertion, &presented.secret, &client.secret) {
        #[cfg(feature = "fetch")]
        (Some(assertion), _, _) => {
            let may_ask = holds_something(server, params, &client.id).await?;
            assertion::proves(server, &client, assertion, may_ask).await?
        }
        #[cfg(not(feature = "fetch"))]
        (Some(_), _, _) => false,
        (None, Some(presented), Some(kept)) => secret::same(&digest(presented), kept),
        (None, None, None) => true,
        _ => false,
    };
    if !proven {
        return Err(no());
    }
    client.came_by = presented.method;
    Ok(client)
}

/// Whether a request carries a code or a token of this client's.
async fn holds_something(server: &Server, params: &Params, id: &str) -> Result<bool, Fault> {
    if let Some(code) = params.one("code")? {
        let found = server.store.code(&digest(code)).await?;
        return Ok(found.is_some_and(|(_, grant)| grant.client_id == id));
    }
    for name in ["refresh_token", "token"] {
        let Some(token) = params.one(name)? else {
            continue;
        };
        if let Some((_, grant)) = server.store.refresh_token(&digest(token)).await? {
            return Ok(grant.client_id == id);
        }
        let (keys, now) = (server.keys(), server.now());
        let claims = access_token::verify(&keys, token, &server.issuer, &server.resource, now);
        return Ok(claims.is_some_and(|claims| claims.client_id == id));
    }
    Ok(false)
}

fn present(params: &Params, authorization: &[Vec<u8>]) -> Result<Presented, Fault> {
    let id = params.one("client_id")?;
    let secret = params.one("client_secret")?;
    let assertion = params.one("client_assertion")?;
    let kind = params.one("client_assertion_type")?;
    let ways = usize::from(secret.is_some())
        + usize::from(assertion.is_some() || kind.is_some())
        + authorization.len().min(1);
    if ways > 1 {
        return Err(Fault::invalid_request(
            "the client authenticates in two ways",
        ));
    }
    match authorization {
        [] => {}
        [header] => {
            let (basic_id, secret) = basic(header).ok_or(Fault::invalid_client(true))?;
            if id.is_some_and(|id| id != basic_id) {
                return Err(Fault::invalid_request(
                    "`client_id` is not that of the header",
                ));
            }
            return Ok(Presented {
                id: basic_id,
                method: AuthMethod::ClientSecretBasic,
                secret: Some(secret),
                assertion: None,
            });
        }
        _ => return Err(Fault::invalid_request("send one `Authorization` header")),
    }
    if assertion.is_some() || kind.is_some() {
        let (Some(assertion), Some(JWT_BEARER)) = (assertion, kind) else {
            return Err(Fault::invalid_request(
                "`client_assertion` needs the `client_assertion_type` of a JWT, and the other way round",
            ));
        };
        // Who asserts stands in the assertion; the parameter is optional, but has to agree (RFC 7521 §4.2).
        let subject = subject(assertion).ok_or(Fault::invalid_client(false))?;
        if id.is_some_and(|id| id != subject) {
            return Err(Fault::invalid_request(
                "`client_id` is not that of the assertion",
            ));
        }
        return Ok(Presented {
            id: subject,
            method: AuthMethod::PrivateKeyJwt,
            secret: None,
            assertion: Some(assertion.into()),
        });
    }
    let id = id.ok_or(Fault::invalid_client(false))?;
    Ok(Presented {
        id: id.into(),
        method: match secret {
            Some(_) => AuthMethod::ClientSecretPost,
            None => AuthMethod::None,
        },
        secret: secret.map(Into::into),
        assertion: None,
    })
}

/// Whom an assertion names, before it is verified.
fn subject(assertion: &str) -> Option<String> {
    let token = Signed::read(assertion, LONGEST_ASSERTION)?;
    token.claims.text("sub").map(Into::into)
}

/// The id and secret of a `Basic` credential, each form-encoded before base64 (RFC 6749 §2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|b| *b == b':')?;
    Some((
        unescape(&decoded[..colon])?,
        unescape(&decoded[colon + 1..])?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_66_basic_is_form_decoded() {
        let header = |text: &str| format!("bAsIc {}", STANDARD.encode(text)).into_bytes();
        assert_eq!(
            basic(&header("a%3Ab:c+d%25")),
            Some(("a:b".into(), "c d%".into()))
        );
        assert_eq!(basic(&header("nocolon")), None);
        assert_eq!(basic(b"Basic ???"), None);
        assert_eq!(basic(b"Bearer x"), None);
    }
}
