//! Token revocation (RFC 7009): a refresh token ends its grant, an access token only itself.

use super::access_token;
use super::audit::audit;
use super::clients;
use super::fault::Fault;
use super::params::Params;
use super::refresh;
use super::server::Server;

/// Serves a revocation request. Unknown, expired and other clients' tokens are fine: nothing of the caller's is alive.
///
/// # Errors
/// `invalid_client`, `invalid_request` or 503.
pub(crate) async fn serve(
    server: &Server,
    params: &Params,
    authorization: &[Vec<u8>],
) -> Result<(), Fault> {
    params.refuse_repeats()?;
    let client = clients::authenticate(server, params, authorization).await?;
    let token = params
        .one("token")?
        .ok_or_else(|| Fault::invalid_request("`token` is missing"))?;
    // `token_type_hint` is only a hint, and the two kinds cannot be confused.
    if let Some(grant) = refresh::grant_of(server, token).await? {
        if grant.client_id == client.id && server.revoke_grant(&grant.id).await? {
            audit!(
                info,
                "grant revoked",
                user = grant.user_id,
                client = client.id,
                grant = grant.id
            );
        }
        return Ok(());
    }
    let now = server.now();
    let keys = server.keys();
    let claims = access_token::verify(&keys, token, &server.issuer, &server.resource, now);
    if let Some(claims) = claims.filter(|claims| claims.client_id == client.id) {
        server
            .store
            .deny(&claims.jti, now, server.denied_until())
            .await?;
        server.gate.deny(&claims.jti, server.denied_until());
        audit!(
            info,
            "access token revoked",
            user = claims.sub,
            client = client.id,
            grant = claims.gid
        );
    }
    Ok(())
}
