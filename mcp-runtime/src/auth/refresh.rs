//! The refresh grant (RFC 6749 §6) with rotation and reuse detection (RFC 9700 §4.14.2).
//!
//! The successor of a token is derived from it, so a client whose answer got lost can ask again and gets the same
//! successor, without any token being kept in clear. A few times, that is: more
//! retries are refused. When the successor was used or the window is over, the old token is a stolen one and its family
//! ends.

use super::audit::audit;
use super::authorize::check_resource;
use super::clients::Client;
use super::clock::millis;
use super::code::has_the_key;
use super::dpop::Proof;
use super::fault::Fault;
use super::params::Params;
use super::secret::{Secret, digest};
use super::server::Server;
use super::token::{Issue, prepare};
use crate::store::{RefreshRecord, Retry, Rotated};

const MOST_RETRIES: i64 = 10;

/// Exchanges a refresh token.
///
/// # Errors
/// `invalid_grant`, `invalid_scope`, `invalid_target`, `invalid_request` or 503.
pub(crate) async fn exchange(
    server: &Server,
    client: &Client,
    params: &Params,
    proof: Option<&Proof>,
) -> Result<Issue, Fault> {
    let presented = params
        .one("refresh_token")?
        .ok_or_else(|| Fault::invalid_request("`refresh_token` is missing"))?;
    check_resource(server, params)?;
    let digest = digest(presented);
    let found = server.store.refresh_token(&digest).await?;
    let (token, grant) = found.ok_or_else(Fault::invalid_grant)?;
    // A grant for the name that this server had before would yield tokens that it refuses: the client has to start anew.
    if grant.client_id != client.id || grant.resource != server.resource {
        return Err(Fault::invalid_grant());
    }
    if !client.is_proven() && !has_the_key(proof, &grant) {
        return Err(Fault::invalid_grant());
    }
    // A narrower access token leaves the grant as it is: the next one may have the full scope again.
    let scope = match params.one("scope")? {
        None => grant.scope.clone(),
        Some(asked) => {
            let asked = server.scopes.resolve(Some(asked))?;
            if !server.scopes.within(&asked, &grant.scope) {
                return Err(Fault::new(
                    "invalid_scope",
                    "the user granted less than that",
                ));
            }
            asked
        }
    };

    let generation = token.generation + 1;
    let successor =
        server
            .derive
            .derive("refresh", presented, &[&grant.id, &generation.to_string()]);
    let now = server.now();
    let record = RefreshRecord {
        digest: successor.digest(),
        grant_id: grant.id.clone(),
        generation,
        expires_at: (now + millis(server.config.refresh_idle)).min(grant.expires_at),
        used_at: None,
    };
    let retry = Retry {
        window: millis(server.config.refresh_window),
        times: MOST_RETRIES,
    };
    let access = prepare(server, &grant, scope, proof).await?;
    // From the first proof on, the grant of a client without a secret is bound to its key (RFC 9449 §5).
    let bind = proof
        .filter(|_| !client.is_proven())
        .map(|proof| proof.key.as_str());
    if let Some(proof) = proof {
        proof.spend(server).await?;
    }
    let until = server.denied_until();
    match server
        .store
        .rotate_refresh(&digest, &record, retry, bind, now, until)
        .await?
    {
        outcome @ (Rotated::Yes | Rotated::Again) => {
            audit!(
                info,
                "refresh",
                user = grant.user_id,
                client = client.id,
                grant = grant.id,
                retry = outcome == Rotated::Again
            );
            Ok(Issue {
                access,
                refresh: Some(successor),
            })
        }
        Rotated::Reused => {
            server.gate.deny(&grant.id, until);
            audit!(
                warn,
                "refresh token reused, grant revoked",
                user = grant.user_id,
                client = client.id,
                grant = grant.id
            );
            Err(Fault::invalid_grant())
        }
        Rotated::No => Err(Fault::invalid_grant()),
    }
}

/// The grant of a refresh token, used or not.
pub(crate) async fn grant_of(
    server: &Server,
    token: &str,
) -> Result<Option<crate::store::Grant>, Fault> {
    let token = Secret::new(token.to_owned());
    Ok(server
        .store
        .refresh_token(&token.digest())
        .await?
        .map(|(_, grant)| grant))
}
