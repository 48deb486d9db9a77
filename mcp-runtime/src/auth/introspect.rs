//! Token introspection (RFC 7662), for confidential clients and their own tokens: a public client proves nothing.

use serde_json::{Value, json};

use super::access_token;
use super::clients;
use super::fault::Fault;
use super::params::Params;
use super::server::Server;

/// Serves an introspection request. Whatever is not alive and the caller's own is just not active (§2.2).
///
/// # Errors
/// `invalid_client`, `invalid_request` or 503.
pub(crate) async fn serve(
    server: &Server,
    params: &Params,
    authorization: &[Vec<u8>],
) -> Result<Value, Fault> {
    params.refuse_repeats()?;
    let client = clients::authenticate(server, params, authorization).await?;
    if !client.is_proven() {
        return Err(Fault::invalid_client(!authorization.is_empty()));
    }
    let token = params
        .one("token")?
        .ok_or_else(|| Fault::invalid_request("`token` is missing"))?;
    let inactive = json!({ "active": false });
    let now = server.now();
    let keys = server.keys();
    if let Some(claims) = access_token::verify(&keys, token, &server.issuer, &server.resource, now)
    {
        let alive = claims.client_id == client.id
            && !server.gate.denies(&claims.gid, &claims.jti)
            && server.store.grant_lives(&claims.gid, now).await?;
        return Ok(match alive {
            true => {
                let kind = if claims.cnf.is_some() {
                    "DPoP"
                } else {
                    "Bearer"
                };
                let mut answer = json!({
                    "active": true, "token_type": kind, "iss": claims.iss, "sub": claims.sub,
                    "aud": claims.aud, "exp": claims.exp, "iat": claims.iat, "jti": claims.jti,
                    "client_id": claims.client_id, "scope": claims.scope, "username": claims.name,
                });
                if let Some(cnf) = &claims.cnf {
                    answer["cnf"] = json!(cnf);
                }
                answer
            }
            false => inactive,
        });
    }
    let found = server
        .store
        .refresh_token(&super::secret::digest(token))
        .await?;
    let Some((record, grant)) = found else {
        return Ok(inactive);
    };
    let alive = grant.client_id == client.id
        && record.expires_at > now
        && record.used_at.is_none()
        && server.store.grant_lives(&grant.id, now).await?;
    Ok(match alive {
        true => json!({
            "active": true, "iss": server.issuer, "sub": grant.user_id, "aud": grant.resource,
            "exp": record.expires_at / 1000, "client_id": grant.client_id, "scope": grant.scope,
        }),
        false => inactive,
    })
}
