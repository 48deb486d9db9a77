//! What a yes does: it closes the request and writes a grant with its code, all or nothing.

use super::audit::audit;
use super::authorize::{Frozen, Stop};
use super::clients::Client;
use super::clock::millis;
use super::redirect_uri;
use super::secret::{Secret, random_id};
use super::server::Server;
use crate::store::{Approval, CodeRecord, Grant, Millis, Proof, SessionRecord};

/// A yes: to which request, to how much of it, whose, and by what.
pub(crate) struct Yes<'a> {
    /// The digest of the request's handle.
    pub(crate) handle: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) by: Proof<'a>,
    /// The session that a login began, and the digest of the one that it replaces.
    pub(crate) session: Option<(&'a SessionRecord, Option<&'a str>)>,
    /// When it ends, where an earlier yes says so.
    pub(crate) until: Option<Millis>,
}

/// Closes the request and writes grant and code; the redirect that carries the code.
pub(crate) async fn approve(
    server: &Server,
    frozen: &Frozen,
    client: &Client,
    yes: Yes<'_>,
) -> Result<String, Stop> {
    let Yes {
        handle,
        scope,
        user_id,
        by,
        session,
        until,
    } = yes;
    let now = server.now();
    let code = Secret::random();
    let grant = Grant {
        id: random_id(),
        user_id: user_id.to_owned(),
        client_id: frozen.client_id.clone(),
        redirect_uri: frozen.redirect_uri.clone(),
        resource: server.resource.clone(),
        scope: scope.to_owned(),
        created_at: now,
        expires_at: until.unwrap_or(now + millis(server.config.grant_lifetime)),
        key: frozen.key.clone(),
    };
    let record = CodeRecord {
        digest: code.digest(),
        grant_id: grant.id.clone(),
        challenge: frozen.challenge.clone(),
        redirect_uri: frozen
            .redirect_uri_named
            .then(|| frozen.redirect_uri.clone()),
        expires_at: now + millis(server.config.code_lifetime),
    };
    let approval = Approval {
        handle,
        grant: &grant,
        client_face: &client.face(),
        code: &record,
        by,
        session,
    };
    if !server.store.approve(approval, now).await? {
        return Err(Stop::new(
            400,
            "This sign-in was answered already, or you were signed out meanwhile. Go back to your \
             app and connect again.",
        ));
    }
    audit!(
        info,
        "consent",
        user = user_id,
        client = grant.client_id,
        grant = grant.id,
        scope = scope,
        remembered = until.is_some()
    );
    let mut params = vec![("code", code.expose())];
    params.extend(frozen.state.as_deref().map(|state| ("state", state)));
    params.push(("iss", &server.issuer));
    Ok(redirect_uri::with_params(&frozen.redirect_uri, &params))
}
