//! What the page shows: who asks for what, and the token without which its forms are refused.

use super::authorize::{self, Frozen, Stop};
use super::clients::{self, Client, Known};
use super::consent::Browser;
use super::redirect_uri;
use super::scope::Scopes;
use super::secret::Secret;
use super::server::Server;
use super::standing::Standing;
use crate::store::SessionRecord;

/// What the page shows.
pub(crate) struct Page {
    pub(crate) handle: Secret,
    pub(crate) token: Secret,
    /// The name that the client claims.
    pub(crate) client: Option<String>,
    /// Whether whoever runs this server vouches for the name.
    pub(crate) verified: bool,
    /// Who vouches for the client, in a sentence or two.
    pub(crate) about: String,
    pub(crate) redirect_host: String,
    pub(crate) to_this_computer: bool,
    pub(crate) resource: String,
    /// What the client asked for.
    pub(crate) scopes: Vec<Asked>,
    /// The name of whoever is signed in; `None` shows the fields.
    pub(crate) user: Option<String>,
    /// Where users sign in, in place of the fields.
    pub(crate) provider: Option<String>,
    /// The name that was typed before.
    pub(crate) typed: String,
    /// What went wrong with the last answer.
    pub(crate) problem: Option<&'static str>,
}

/// A scope that the client asked for, in words.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) words: String,
    /// The words of others that were asked for too and come with it.
    pub(crate) includes: Vec<String>,
    /// Whether the user may leave it out.
    pub(crate) optional: bool,
}

/// The page for a request.
pub(super) async fn page(
    server: &Server,
    frozen: &Frozen,
    handle: Secret,
    browser: &Browser,
    session: Option<(SessionRecord, String)>,
) -> Result<Page, Stop> {
    // Only for someone who signed in is anyone else asked who the client is.
    let client = match (clients::known(server, &frozen.client_id).await?, &session) {
        (Known::Client(client), _) => Some(*client),
        (Known::Unread, Some(_)) => clients::find(server, &frozen.client_id).await?,
        (Known::Unread, None) => None,
        (Known::Nobody, _) => return Err(authorize::unknown_client()),
    };
    let standing = client.as_ref().map_or(Standing::Document, |c| c.standing);
    let name = client
        .as_ref()
        .and_then(Client::name)
        .map(ToOwned::to_owned);
    let token = csrf(
        server,
        &handle,
        browser,
        session.as_ref().map(|(session, _)| session),
    );
    let to_this_computer = url::Url::parse(&frozen.redirect_uri)
        .is_ok_and(|u| redirect_uri::is_loopback(&u, &server.config));
    Ok(Page {
        handle,
        token,
        client: standing.name(&frozen.client_id, name),
        verified: standing == Standing::Configured,
        about: standing.about(&frozen.client_id, to_this_computer),
        redirect_host: redirect_uri::shown_host(&frozen.redirect_uri),
        to_this_computer,
        resource: server.resource.clone(),
        scopes: asked(&server.scopes, &frozen.scope),
        user: session.map(|(_, name)| name),
        provider: server.provider(),
        typed: String::new(),
        problem: None,
    })
}

/// The scopes as the page lists them. One that another implies stands with that one: without it, it would be granted
/// all the same. The base scope stands for itself, since nothing works without it.
fn asked(scopes: &Scopes, asked: &str) -> Vec<Asked> {
    let all: Vec<&str> = asked.split(' ').collect();
    let broader = |scope: &str| {
        let mut others = all.iter().filter(|other| **other != scope);
        others.any(|other| scope != scopes.base() && scopes.implies(other, scope))
    };
    let alone: Vec<&str> = all.iter().copied().filter(|s| !broader(s)).collect();
    let included = |by: &str| {
        let narrower = all.iter().filter(|s| broader(s) && scopes.implies(by, s));
        narrower.map(|s| scopes.words(s).to_owned()).collect()
    };
    alone
        .iter()
        .map(|scope| Asked {
            name: (*scope).to_owned(),
            words: scopes.words(scope).to_owned(),
            includes: included(scope),
            // With one line there is nothing to choose.
            optional: *scope != scopes.base() && alone.len() > 1,
        })
        .collect()
}

/// The token of a page: only this server can make it, only for this handle, browser and session.
pub(super) fn csrf(
    server: &Server,
    handle: &Secret,
    browser: &Browser,
    session: Option<&SessionRecord>,
) -> Secret {
    let cookie = browser.pre_login.as_ref().map_or("", Secret::expose);
    let session = session.map_or("", |session| session.handle.as_str());
    server
        .derive
        .derive("form", handle.expose(), &[cookie, session])
}
