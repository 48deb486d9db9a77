//! A yes that was given before. It stands for a new request only where nothing is new: the same user in a live session,
//! the same client with the same face, the same redirect URI and resource, and no scope beyond. It is the grant itself
//! that is remembered, so whoever ends the grant is asked again; and what comes of it ends when the first yes would have.
//!
//! A redirect to the user's own machine is always asked for, since any program there can take that address; so is a
//! request that another site's page may have caused.

use std::net::IpAddr;

use url::Url;

use super::approve::{Yes, approve};
use super::authorize::{self, Frozen, Stop};
use super::clients::Client;
use super::consent::Browser;
use super::server::Server;
use crate::store::{Past, Proof};

/// The redirect that carries the code, where the request needs no question.
pub(crate) async fn answer(
    server: &Server,
    client: &Client,
    frozen: &Frozen,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Option<String>, Stop> {
    let https = Url::parse(&frozen.redirect_uri).is_ok_and(|url| url.scheme() == "https");
    if !server.config.remember_consent || !https || !browser.came_by_themselves || frozen.ask {
        return Ok(None);
    }
    let Some((session, _)) = browser.session(server).await? else {
        return Ok(None);
    };
    let past = Past {
        user_id: &session.user_id,
        client_id: &client.id,
        client_face: &client.face(),
        redirect_uri: &frozen.redirect_uri,
        resource: &server.resource,
    };
    let given = server.store.given(past, server.now()).await?;
    let enough = given
        .into_iter()
        .filter(|(scope, _)| server.scopes.within(&frozen.scope, scope));
    let Some((_, until)) = enough.max_by_key(|(_, until)| *until) else {
        return Ok(None);
    };
    let (handle, _) = authorize::freeze(server, frozen, browser, address).await?;
    let yes = Yes {
        handle: &handle.digest(),
        scope: &frozen.scope,
        user_id: &session.user_id,
        by: Proof::Session(&session.handle),
        session: None,
        until: Some(until),
    };
    approve(server, frozen, client, yes).await.map(Some)
}
