//! The token endpoint (RFC 6749 §3.2): who calls, which grant, and what a success looks like.

use serde_json::{Value, json};

use super::access_token::{self, Claims, Confirmation};
use super::clients::{self, Client};
use super::clock::millis;
use super::dpop::{self, Flaw, Proof};
use super::fault::Fault;
use super::params::Params;
use super::secret::Secret;
use super::server::Server;
use super::{code, refresh};
use crate::store::Grant;

/// What a grant earned.
pub(crate) struct Issue {
    pub(crate) access: Access,
    /// The new refresh token.
    pub(crate) refresh: Option<Secret>,
}

/// Serves a token request; the body of the 200.
///
/// # Errors
/// Those of RFC 6749 §5.2 and RFC 8707 §2, or 503.
pub(crate) async fn serve(
    server: &Server,
    params: &Params,
    authorization: &[Vec<u8>],
    proofs: &[Vec<u8>],
) -> Result<Value, Fault> {
    params.refuse_repeats()?;
    let client = clients::authenticate(server, params, authorization).await?;
    let grant_type = params
        .one("grant_type")?
        .ok_or_else(|| Fault::invalid_request("`grant_type` is missing"))?;
    if !matches!(grant_type, "authorization_code" | "refresh_token") {
        return Err(Fault::new(
            "unsupported_grant_type",
            "`grant_type` is not supported",
        ));
    }
    if !client.may(grant_type) {
        return Err(Fault::new(
            "unauthorized_client",
            "the client did not register this grant type",
        ));
    }
    let proof = proof(server, &client, proofs)?;
    let issue = match grant_type {
        "authorization_code" => code::redeem(server, &client, params, proof.as_ref()).await?,
        _ => refresh::exchange(server, &client, params, proof.as_ref()).await?,
    };
    let mut body = json!({
        "access_token": issue.access.token,
        "token_type": if proof.is_some() { "DPoP" } else { "Bearer" },
        "expires_in": issue.access.seconds,
        "scope": issue.access.scope,
    });
    if let Some(refresh) = issue.refresh {
        body["refresh_token"] = json!(refresh.expose());
    }
    Ok(body)
}

/// The proof by which a client wants its tokens bound to a key (RFC 9449 §5).
fn proof(server: &Server, client: &Client, headers: &[Vec<u8>]) -> Result<Option<Proof>, Fault> {
    let request = dpop::Request {
        method: "POST",
        url: &server.site.url.join("/token"),
        token: None,
        nonces: server.nonces(),
        now: server.now(),
    };
    let proof = request.proof(headers)?;
    if proof.is_none() && client.metadata.dpop_bound_access_tokens {
        return Err(Flaw::Proof.into());
    }
    Ok(proof)
}

/// An access token, ready to be sent.
pub(crate) struct Access {
    token: String,
    seconds: i64,
    scope: String,
}

/// Makes the access token. This comes before a code or a refresh token is used up: nothing may fail after that, or the
/// client is left with nothing.
///
/// # Errors
/// `invalid_grant` where the user is gone, or 503.
pub(crate) async fn prepare(
    server: &Server,
    grant: &Grant,
    scope: String,
    proof: Option<&Proof>,
) -> Result<Access, Fault> {
    let user = server.store.user_by_id(&grant.user_id).await?;
    let user = user.ok_or_else(Fault::invalid_grant)?;
    if !server.still_has(&user.id).await? {
        return Err(Fault::invalid_grant());
    }
    let now = server.now();
    let lifetime = millis(server.config.access_token_lifetime);
    let mut claims = Claims::new(&server.issuer, grant, &user.name, &scope, lifetime, now);
    claims.cnf = proof.map(|proof| Confirmation {
        jkt: proof.key.clone(),
    });
    let token = access_token::sign(&server.keys(), &claims, now).ok_or_else(|| {
        tracing::error!("no key can sign");
        Fault::unavailable(5)
    })?;
    Ok(Access {
        token,
        seconds: claims.exp - claims.iat,
        scope,
    })
}
