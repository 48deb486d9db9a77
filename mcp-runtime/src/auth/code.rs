//! The authorization-code grant (RFC 6749 §4.1.3): everything is judged before the code is used up.

use super::audit::audit;
use super::authorize::check_resource;
use super::clients::Client;
use super::clock::millis;
use super::dpop::Proof;
use super::fault::Fault;
use super::params::Params;
use super::pkce;
use super::secret::{self, Secret, digest};
use super::server::Server;
use super::token::{Issue, prepare};
use crate::store::{Grant, Redeemed, RefreshRecord};

/// Wrong presentations after which a code is dead.
const MOST_FAILURES: i64 = 5;

/// Redeems a code.
///
/// # Errors
/// `invalid_grant`, `invalid_request`, `invalid_target` or 503.
pub(crate) async fn redeem(
    server: &Server,
    client: &Client,
    params: &Params,
    proof: Option<&Proof>,
) -> Result<Issue, Fault> {
    let presented = params
        .one("code")?
        .ok_or_else(|| Fault::invalid_request("`code` is missing"))?;
    check_resource(server, params)?;
    let digest = digest(presented);
    let (code, grant) = server
        .store
        .code(&digest)
        .await?
        .ok_or_else(Fault::invalid_grant)?;

    // OAuth 2.1 no longer sends the redirect URI; one that is sent must be the one of the request.
    let uri_fits = params
        .one("redirect_uri")?
        .is_none_or(|uri| uri == code.redirect_uri.as_deref().unwrap_or(&grant.redirect_uri));
    let proven = grant.client_id == client.id
        && grant.resource == server.resource
        && uri_fits
        && has_the_key(proof, &grant)
        && pkce::proves(params.one("code_verifier")?, &code.challenge);
    if !proven {
        // Whoever merely saw the code can neither use it nor revoke what came of it.
        server.store.fail_code(&digest, MOST_FAILURES).await?;
        return Err(Fault::invalid_grant());
    }

    let now = server.now();
    let refresh = client.may("refresh_token").then(Secret::random);
    let record = refresh.as_ref().map(|token| RefreshRecord {
        digest: token.digest(),
        grant_id: grant.id.clone(),
        generation: 1,
        expires_at: (now + millis(server.config.refresh_idle)).min(grant.expires_at),
        used_at: None,
    });
    let access = prepare(server, &grant, grant.scope.clone(), proof).await?;
    // A client that can prove itself in another way may change its key later (RFC 9449 §5).
    let bind = proof.filter(|_| !client.is_proven());
    if let Some(proof) = proof {
        proof.spend(server).await?;
    }
    let until = server.denied_until();
    match server
        .store
        .redeem_code(
            &digest,
            record.as_ref(),
            bind.map(|proof| proof.key.as_str()),
            now,
            until,
        )
        .await?
    {
        Redeemed::Yes => {
            audit!(
                info,
                "code redeemed",
                user = grant.user_id,
                client = client.id,
                grant = grant.id
            );
            Ok(Issue { access, refresh })
        }
        Redeemed::Replayed => {
            server.gate.deny(&grant.id, until);
            audit!(
                warn,
                "code replayed, grant revoked",
                user = grant.user_id,
                client = client.id,
                grant = grant.id
            );
            Err(Fault::invalid_grant())
        }
        Redeemed::No => Err(Fault::invalid_grant()),
    }
}

/// Whether the caller holds the key to which a grant is bound, if it is to one.
pub(super) fn has_the_key(proof: Option<&Proof>, grant: &Grant) -> bool {
    match &grant.key {
        None => true,
        Some(key) => proof.is_some_and(|proof| secret::same(&proof.key, key)),
    }
}
