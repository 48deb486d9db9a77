//! Client authentication by a signed assertion: `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9).

use serde_json::Value;

use super::client_document;
use super::clients::{Client, LONGEST_ASSERTION, Missing};
use super::fault::Fault;
use super::jose::{KeyRing, Signed};
use super::server::Server;

/// Seconds that an assertion may live.
const LONGEST_LIFE: i64 = 5 * 60;

/// Seconds that a client's clock may be ahead.
const SLACK: i64 = 30;

/// Whether the assertion is this client's, for this server, now, and for the first time. `may_ask` lets its keys be
/// fetched.
pub(super) async fn proves(
    server: &Server,
    client: &Client,
    assertion: &str,
    may_ask: bool,
) -> Result<bool, Fault> {
    let Some(token) = Signed::read(assertion, LONGEST_ASSERTION) else {
        return Ok(false);
    };
    let claims = &token.claims;
    let now = server.now() / 1000;
    let fresh = claims.are_current(now, SLACK)
        && claims
            .seconds("exp")
            .is_some_and(|exp| exp <= now + LONGEST_LIFE + SLACK);
    let id = Some(client.id.as_str());
    // One audience, and it is us: an assertion for several could be carried from one to another (RFC 7523bis).
    let token_endpoint = server.site.url.join("/token");
    let to_us = matches!(claims.audience().as_deref(),
        Some([aud]) if *aud == server.issuer || *aud == token_endpoint);
    let Some(jti) = claims.text("jti").filter(|jti| jti.len() <= 256) else {
        return Ok(false);
    };
    if !fresh || !to_us || claims.text("iss") != id || claims.text("sub") != id {
        return Ok(false);
    }
    if !signed_by(server, client, &token, may_ask).await? {
        return Ok(false);
    }
    // Last, so that only the client itself can use one of its names up.
    let name = format!("assertion {} {jti}", client.id);
    Ok(server.first_time(&name, LONGEST_LIFE + 2 * SLACK).await?)
}

async fn signed_by(
    server: &Server,
    client: &Client,
    token: &Signed<'_>,
    may_ask: bool,
) -> Result<bool, Missing> {
    let signed = |jwks: &Value| KeyRing::read(jwks).is_some_and(|keys| keys.verifies(token));
    if let Some(jwks) = &client.metadata.jwks {
        return Ok(signed(jwks));
    }
    let Some(link) = &client.metadata.jwks_uri else {
        return Ok(false);
    };
    let kept = match (client_document::kept_keys(server, link), may_ask) {
        (Some(kept), _) => kept,
        (None, true) => client_document::keys(server, link).await?,
        (None, false) => return Ok(false),
    };
    if !may_ask || KeyRing::read(&kept).is_some_and(|keys| keys.knows(token)) {
        return Ok(signed(&kept));
    }
    // It may have a new key; once in a while that is worth a look.
    if !server.first_time(&format!("keys of {link}"), 10).await? {
        return Ok(false);
    }
    Ok(signed(&*client_document::keys(server, link).await?))
}
