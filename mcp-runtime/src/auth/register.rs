//! Dynamic client registration (RFC 7591). Anyone may call it, so nothing it stores is believed, fetched or shown
//! without a mark.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::audit::{Caller, audit};
use super::clients::{AuthMethod, Metadata, Stored};
use super::fault::Fault;
use super::gate::bearer;
use super::secret::{self, Secret, digest, digest_of, random_id};
use super::server::Server;
use super::strict_json::Strict;
use super::throttle::prefix;
use super::users::is_showable;
use super::{jose, redirect_uri};
use crate::store::ClientRecord;

/// Registered clients at the most; those that nobody used go after a day, or when their place is needed.
const CAP: i64 = 100_000;

const MOST_REDIRECTS: usize = 10;

/// Keys of a client, and bytes of them: every row may have them.
const MOST_KEYS: usize = 10;
const LONGEST_KEYS: usize = 16 * 1024;

/// The members that count; all others are ignored, those that would claim an identity or a privilege too.
#[derive(Deserialize)]
struct Asked {
    redirect_uris: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
    client_name: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    contacts: Option<Vec<String>>,
    application_type: Option<String>,
    software_id: Option<String>,
    software_version: Option<String>,
    software_statement: Option<String>,
    dpop_bound_access_tokens: Option<bool>,
}

/// Registrations from one place that are let pass within a window. Platforms register on every connect, for many users
/// behind one address; nobody else does it this often.
const PER_ADDRESS: i64 = 300;
const WINDOW: i64 = 5 * 60 * 1000;

/// Whether this caller may register now.
///
/// # Errors
/// 401 without the initial access token where one is needed (RFC 7591 §3.2), 429 in a flood, 503.
pub(crate) async fn admit(server: &Server, authorization: &[Vec<u8>]) -> Result<(), Fault> {
    let place = prefix(Caller::current().and_then(|caller| caller.address));
    let name = digest(&format!("register from {place}"));
    let now = server.now();
    let (count, until) = server.store.bump_counter(&name, 1, WINDOW, now).await?;
    if count > PER_ADDRESS {
        let seconds = (until - now).max(1000) / 1000;
        return Err(Fault {
            status: 429,
            retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
            ..Fault::new(
                "temporarily_unavailable",
                "too many clients register from here",
            )
        });
    }
    let Some(needed) = &server.config.registration_token else {
        return Ok(());
    };
    let given = match authorization {
        [one] => bearer(one).map(digest_of),
        _ => None,
    };
    match given.is_some_and(|given| secret::same(&given, needed)) {
        true => Ok(()),
        false => Err(Fault {
            status: 401,
            bearer: true,
            ..Fault::new(
                "invalid_token",
                "registration needs this server's initial access token",
            )
        }),
    }
}

/// Registers a client; the body of the 201.
///
/// # Errors
/// `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2), or 503.
pub(crate) async fn register(server: &Server, body: &[u8]) -> Result<Value, Fault> {
    let Strict(value) = serde_json::from_slice(body)
        .map_err(|_| bad("the body must be one JSON object without repeated members"))?;
    if !value.is_object() {
        return Err(bad("the body must be a JSON object"));
    }
    let asked: Asked =
        serde_json::from_value(value).map_err(|_| bad("a member has a value of the wrong type"))?;
    let method_named = asked.token_endpoint_auth_method.is_some();
    let metadata = judge(server, asked)?;

    let now = server.now();
    let secret = match metadata.token_endpoint_auth_method {
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => Some(Secret::random()),
        AuthMethod::None | AuthMethod::PrivateKeyJwt => None,
    };
    let stored = Stored {
        metadata,
        method_named,
    };
    let record = ClientRecord {
        // Never shaped like a URL, so that it cannot shadow a client that is named by one.
        id: format!("client_{}", random_id()),
        secret: secret.as_ref().map(Secret::digest),
        metadata: serde_json::to_string(&stored).map_err(|_| bad("it cannot be stored"))?,
        created_at: now,
    };
    if !server.store.add_client(&record, CAP).await? {
        tracing::warn!("no more clients can register: {CAP} are there, and all were used");
        return Err(Fault::unavailable(3600));
    }
    audit!(
        info,
        "register",
        client = record.id,
        name = stored.metadata.client_name.as_deref()
    );

    let mut answer = match serde_json::to_value(&stored.metadata) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    answer.insert("client_id".into(), json!(record.id));
    answer.insert("client_id_issued_at".into(), json!(now / 1000));
    if let Some(secret) = secret {
        answer.insert("client_secret".into(), json!(secret.expose()));
        answer.insert("client_secret_expires_at".into(), json!(0));
    }
    Ok(Value::Object(answer))
}

fn judge(server: &Server, asked: Asked) -> Result<Metadata, Fault> {
    let redirect_uris = asked.redirect_uris.unwrap_or_default();
    if redirect_uris.is_empty() || redirect_uris.len() > MOST_REDIRECTS {
        return Err(bad("`redirect_uris` must list 1 to 10 URIs"));
    }
    for uri in &redirect_uris {
        redirect_uri::registrable(uri, &server.config)
            .map_err(|why| Fault::new("invalid_redirect_uri", why))?;
    }
    let application_type = application_type(asked.application_type, &redirect_uris)?;
    if asked.software_statement.is_some() {
        return Err(Fault::new(
            "unapproved_software_statement",
            "software statements are not used",
        ));
    }

    let token_endpoint_auth_method = match asked.token_endpoint_auth_method.as_deref() {
        None | Some("client_secret_basic") => AuthMethod::ClientSecretBasic,
        Some("client_secret_post") => AuthMethod::ClientSecretPost,
        Some("none") => AuthMethod::None,
        Some("private_key_jwt") if cfg!(feature = "fetch") => AuthMethod::PrivateKeyJwt,
        Some(_) => {
            return Err(bad(
                "`token_endpoint_auth_method` is not one of those offered",
            ));
        }
    };
    // RFC 7591 would leave an omitted list at `authorization_code`; hosts that omit it expect to stay signed in, and
    // the answer says what they got.
    let grant_types = asked
        .grant_types
        .unwrap_or_else(|| vec!["authorization_code".into(), "refresh_token".into()]);
    let known = |g: &String| g == "authorization_code" || g == "refresh_token";
    if !grant_types.iter().all(known) || !grant_types.iter().any(|g| g == "authorization_code") {
        return Err(bad(
            "`grant_types` may hold authorization_code, which is a must, and refresh_token",
        ));
    }
    let response_types = asked.response_types.unwrap_or_else(|| vec!["code".into()]);
    if response_types.is_empty() || response_types.iter().any(|r| r != "code") {
        return Err(bad("`response_types` may hold `code` only"));
    }
    let scope = server
        .scopes
        .resolve(asked.scope.as_deref())
        .map_err(|fault| bad(fault.description))?;

    for uri in [
        &asked.client_uri,
        &asked.logo_uri,
        &asked.tos_uri,
        &asked.policy_uri,
        &asked.jwks_uri,
    ] {
        if uri.as_deref().is_some_and(|uri| !is_web_link(uri)) {
            return Err(bad("a link of the metadata is not an https URL"));
        }
    }
    let (jwks, jwks_uri) = match token_endpoint_auth_method {
        AuthMethod::PrivateKeyJwt => keys(asked.jwks, asked.jwks_uri)?,
        _ => (None, None),
    };
    let contacts = asked.contacts.unwrap_or_default();
    let texts = [
        &asked.client_name,
        &asked.software_id,
        &asked.software_version,
    ];
    if contacts.len() > 10
        || texts
            .into_iter()
            .flatten()
            .chain(&contacts)
            .any(|t| !is_short_text(t))
    {
        return Err(bad(
            "a name or contact is longer than 100 characters, or has control or invisible ones",
        ));
    }
    Ok(Metadata {
        redirect_uris,
        token_endpoint_auth_method,
        grant_types,
        response_types,
        scope,
        client_name: asked.client_name.filter(|name| !name.trim().is_empty()),
        client_uri: asked.client_uri,
        logo_uri: asked.logo_uri,
        tos_uri: asked.tos_uri,
        policy_uri: asked.policy_uri,
        contacts,
        application_type,
        software_id: asked.software_id,
        software_version: asked.software_version,
        jwks,
        jwks_uri,
        dpop_bound_access_tokens: asked.dpop_bound_access_tokens.unwrap_or_default(),
    })
}

/// The public keys of a client that authenticates by them: here, or behind a link, not both (RFC 7591 §2). The link is
/// followed when the client first presents what came of a login.
fn keys(
    jwks: Option<Value>,
    jwks_uri: Option<String>,
) -> Result<(Option<Value>, Option<String>), Fault> {
    match (&jwks, &jwks_uri) {
        (Some(set), None) => {
            let keys = set.get("keys").and_then(Value::as_array);
            match keys {
                Some(keys) if !keys.is_empty() && !keys.iter().any(jose::is_private) => {}
                _ => return Err(bad("`jwks` must be a set of public keys")),
            }
            if keys.is_some_and(|keys| keys.len() > MOST_KEYS)
                || set.to_string().len() > LONGEST_KEYS
            {
                return Err(bad("`jwks` may hold 10 keys and 16 KiB"));
            }
        }
        (None, Some(_)) => {}
        _ => return Err(bad("private_key_jwt needs either `jwks` or `jwks_uri`")),
    }
    Ok((jwks, jwks_uri))
}

/// OpenID Connect's registration: a web application lives on https, not on its user's machine. An omitted type
/// claims nothing.
fn application_type(
    asked: Option<String>,
    redirect_uris: &[String],
) -> Result<Option<String>, Fault> {
    match asked.as_deref() {
        None | Some("native") => Ok(asked),
        Some("web") if redirect_uris.iter().any(|uri| uri.starts_with("http:")) => Err(Fault::new(
            "invalid_redirect_uri",
            "a web application redirects to https only",
        )),
        Some("web") => Ok(asked),
        Some(_) => Err(bad("`application_type` is web or native")),
    }
}

pub(crate) fn is_web_link(uri: &str) -> bool {
    uri.len() <= 2048
        && uri.starts_with("https://")
        && uri.bytes().all(|b| b.is_ascii_graphic())
        && url::Url::parse(uri).is_ok_and(|u| u.has_host() && u.username().is_empty())
}

pub(crate) fn is_short_text(text: &str) -> bool {
    text.chars().count() <= 100 && is_showable(text)
}

fn bad(description: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new("invalid_client_metadata", description)
}
