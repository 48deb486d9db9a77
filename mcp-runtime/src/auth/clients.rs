//! Clients: who they are, and whether a caller is the one it says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::params::{Params, unescape};
use super::secret::{self, digest};
use super::server::Server;
use super::users::is_showable;
use crate::store::StoreError;

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
    method_named: bool,
}

impl Client {
    /// The name that it claims, if it claims one that can be seen.
    pub(crate) fn name(&self) -> Option<&str> {
        showable(self.metadata.client_name.as_deref()?)
    }

    /// Whether it has a secret to prove itself by.
    pub(crate) fn is_confidential(&self) -> bool {
        self.metadata.token_endpoint_auth_method != AuthMethod::None
    }

    /// Whether it registered this grant type.
    pub(crate) fn may(&self, grant_type: &str) -> bool {
        self.metadata.grant_types.iter().any(|g| g == grant_type)
    }
}

/// The name in the metadata that is kept of a client, if it is one that can be seen.
pub(crate) fn claimed_name(metadata: &str) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    showable(metadata["client_name"].as_str()?).map(Into::into)
}

fn showable(name: &str) -> Option<&str> {
    let name = name.trim();
    (!name.is_empty() && is_showable(name)).then_some(name)
}

/// The client of that id: the one place where ids become clients, whatever kind of id it is.
pub(crate) async fn find(server: &Server, id: &str) -> Result<Option<Client>, StoreError> {
    let Some(record) = server.store.client(id).await? else {
        return Ok(None);
    };
    let stored: Stored = serde_json::from_str(&record.metadata)
        .map_err(|e| StoreError::Corrupt(format!("the metadata of a client: {e}")))?;
    Ok(Some(Client {
        id: record.id,
        secret: record.secret,
        metadata: stored.metadata,
        method_named: stored.method_named,
    }))
}

/// What a caller of the token endpoint presents.
struct Presented {
    id: String,
    secret: Option<String>,
    method: AuthMethod,
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
    let client = find(server, &presented.id)
        .await?
        .ok_or(Fault::invalid_client(basic))?;
    let registered = client.metadata.token_endpoint_auth_method;
    let method_fits = presented.method == registered
        || (!client.method_named
            && registered != AuthMethod::None
            && presented.method != AuthMethod::None);
    let secret_fits = match (&presented.secret, &client.secret) {
        (Some(presented), Some(kept)) => secret::same(&digest(presented), kept),
        (None, None) => true,
        _ => false,
    };
    if method_fits && secret_fits {
        Ok(client)
    } else {
        Err(Fault::invalid_client(basic))
    }
}

fn present(params: &Params, authorization: &[Vec<u8>]) -> Result<Presented, Fault> {
    let id = params.one("client_id")?;
    let secret = params.one("client_secret")?;
    match authorization {
        [] => match (id, secret) {
            (None, _) => Err(Fault::invalid_client(false)),
            (Some(id), None) => Ok(Presented {
                id: id.into(),
                secret: None,
                method: AuthMethod::None,
            }),
            (Some(id), Some(secret)) => Ok(Presented {
                id: id.into(),
                secret: Some(secret.into()),
                method: AuthMethod::ClientSecretPost,
            }),
        },
        [header] => {
            if secret.is_some() {
                return Err(Fault::invalid_request(
                    "the client authenticates in two ways",
                ));
            }
            let (basic_id, secret) = basic(header).ok_or(Fault::invalid_client(true))?;
            if id.is_some_and(|id| id != basic_id) {
                return Err(Fault::invalid_request(
                    "`client_id` is not that of the header",
                ));
            }
            Ok(Presented {
                id: basic_id,
                secret: Some(secret),
                method: AuthMethod::ClientSecretBasic,
            })
        }
        _ => Err(Fault::invalid_request("send one `Authorization` header")),
    }
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
