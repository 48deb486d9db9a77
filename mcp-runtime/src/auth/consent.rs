//! The one page that signs in and asks for consent, and what its answer does.
//!
//! The page's forms carry a handle and a token. The handle names the frozen request; the token proves that the post
//! comes from the page that this browser was shown, and, where the page stood on a live session, from that session.

use std::net::IpAddr;

use super::approve::{Yes, approve};
use super::audit::audit;
use super::authorize::{self, Frozen, Stop};
use super::clients::{self, Client, Known};
use super::clock::millis;
use super::login::{self, Refused};
use super::params::Params;
use super::redirect_uri;
use super::scope::Scopes;
use super::secret::{self, Secret};
use super::server::Server;
use super::standing::Standing;
use crate::store::{Proof, SessionRecord, StoreError, Transaction};

/// What a browser's cookies say.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// Set before the login, so that the page belongs to one browser.
    pub(crate) pre_login: Option<Secret>,
    /// Set by the login.
    pub(crate) session: Option<Secret>,
    /// Whether the browser says that no page led here, but its user: an address that was typed, or opened by an app.
    pub(crate) came_by_themselves: bool,
}

impl Browser {
    /// The live session and the user's name.
    pub(crate) async fn session(
        &self,
        server: &Server,
    ) -> Result<Option<(SessionRecord, String)>, StoreError> {
        let Some(cookie) = &self.session else {
            return Ok(None);
        };
        let session = server.store.session(&cookie.digest(), server.now()).await?;
        match (&server.config.users, &session) {
            (Some(users), Some((session, _)))
                if !users.still_has(server, &session.user_id).await? =>
            {
                Ok(None)
            }
            _ => Ok(session),
        }
    }
}

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

/// What an answer to the page does.
pub(crate) enum Answered {
    /// Back to the client; after a login with a new session.
    Redirect { to: String, session: Option<Secret> },
    /// The page again, with a problem.
    Again {
        status: u16,
        page: Box<Page>,
        retry_after: Option<u32>,
    },
}

/// The page for a request that waits. `other_account` shows the fields despite a session.
pub(crate) async fn show(
    server: &Server,
    params: &Params,
    browser: &Browser,
) -> Result<Page, Stop> {
    let (_, frozen, handle) = open(server, params, browser).await?;
    let other_account = matches!(params.one("account"), Ok(Some("other")));
    let session = match frozen.login || other_account {
        true => None,
        false => browser.session(server).await?,
    };
    page(server, &frozen, handle, browser, session).await
}

/// The user's answer.
pub(crate) async fn answer(
    server: &Server,
    params: &Params,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Answered, Stop> {
    once(params, &["txn", "csrf", "decision", "username", "password"])?;
    let (transaction, frozen, handle) = open(server, params, browser).await?;
    let posted = one(params, "csrf")?.unwrap_or_default();
    let session = browser.session(server).await?;
    let by_login = secret::same(posted, csrf(server, &handle, browser, None).expose());
    let by_session = session.as_ref().is_some_and(|(session, _)| {
        secret::same(
            posted,
            csrf(server, &handle, browser, Some(session)).expose(),
        )
    });
    if !by_login && !by_session {
        return Err(not_from_our_page());
    }
    match one(params, "decision")? {
        Some("deny") => return deny(server, &transaction, &frozen).await,
        None | Some("allow") => {}
        Some(_) => {
            return Err(Stop::new(
                400,
                "The form was not filled in as it was shown.",
            ));
        }
    }

    let scope = match narrowed(&server.scopes, params, &frozen.scope) {
        Some(scope) => scope,
        None => {
            let session = session.filter(|_| by_session);
            let mut page = page(server, &frozen, handle, browser, session).await?;
            page.problem = Some("Choose at least one permission, or deny the request.");
            return Ok(Answered::Again {
                status: 400,
                page: Box::new(page),
                retry_after: None,
            });
        }
    };
    if by_session && let Some((session, _)) = session {
        let client = authorize::confirm(server, &frozen).await?;
        let yes = Yes {
            handle: &transaction.handle,
            scope: &scope,
            user_id: &session.user_id,
            by: Proof::Session(&session.handle),
            session: None,
            until: None,
        };
        let to = approve(server, &frozen, &client, yes).await?;
        return Ok(Answered::Redirect { to, session: None });
    }

    let name = one(params, "username")?.unwrap_or_default();
    let password = Secret::new(one(params, "password")?.unwrap_or_default().to_owned());
    match login::check(server, name, &password, address).await {
        Ok(user) => {
            let client = authorize::confirm(server, &frozen).await?;
            let cookie = Secret::random();
            let record = SessionRecord {
                handle: cookie.digest(),
                user_id: user.id.clone(),
                expires_at: server.now() + millis(server.config.session_lifetime),
            };
            let replaced = browser.session.as_ref().map(Secret::digest);
            let session = Some((&record, replaced.as_deref()));
            let yes = Yes {
                handle: &transaction.handle,
                scope: &scope,
                user_id: &user.id,
                by: Proof::Password(&user.password),
                session,
                until: None,
            };
            let to = approve(server, &frozen, &client, yes).await?;
            Ok(Answered::Redirect {
                to,
                session: Some(cookie),
            })
        }
        Err(refused) => {
            let (status, problem, retry_after) = explain(refused)?;
            let mut page = page(server, &frozen, handle, browser, None).await?;
            page.typed = name.chars().take(64).collect();
            page.problem = Some(problem);
            Ok(Answered::Again {
                status,
                page: Box::new(page),
                retry_after,
            })
        }
    }
}

pub(crate) fn explain(refused: Refused) -> Result<(u16, &'static str, Option<u32>), Stop> {
    Ok(match refused {
        Refused::Wrong => (401, "That name and password do not match.", None),
        Refused::TooLong => (400, "That name or password is too long.", None),
        Refused::Throttled(seconds) => (
            429,
            "Too many attempts. Please wait a few minutes and try again.",
            Some(seconds),
        ),
        Refused::Busy => (
            503,
            "Many people are signing in. Please try again.",
            Some(2),
        ),
        Refused::Store(error) => return Err(error.into()),
    })
}

/// The request that waits under the posted handle, if this browser may answer it.
async fn open(
    server: &Server,
    params: &Params,
    browser: &Browser,
) -> Result<(Transaction, Frozen, Secret), Stop> {
    let gone = || {
        Stop::new(
            400,
            "This sign-in link has expired or was used already. Go back to your app and connect again.",
        )
    };
    let handle = Secret::new(one(params, "txn")?.ok_or_else(gone)?.to_owned());
    let found = server
        .store
        .transaction(&handle.digest(), server.now())
        .await?;
    let transaction = found.ok_or_else(gone)?;
    let same_browser = browser
        .pre_login
        .as_ref()
        .is_some_and(|cookie| secret::same(&cookie.digest(), &transaction.browser));
    if !same_browser {
        return Err(Stop::new(
            403,
            "This sign-in was begun in another browser, or cookies are switched off. Go back to \
             your app and connect again.",
        ));
    }
    let frozen = serde_json::from_str(&transaction.request)
        .map_err(|e| StoreError::Corrupt(format!("a waiting request: {e}")))?;
    Ok((transaction, frozen, handle))
}

async fn page(
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
        client: match standing {
            Standing::Document => {
                name.or_else(|| Some(redirect_uri::shown_host(&frozen.client_id)))
            }
            _ => name,
        },
        verified: standing == Standing::Configured,
        about: standing.about(&frozen.client_id, to_this_computer),
        redirect_host: redirect_uri::shown_host(&frozen.redirect_uri),
        to_this_computer,
        resource: server.resource.clone(),
        scopes: asked(&server.scopes, &frozen.scope),
        user: session.map(|(_, name)| name),
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

async fn deny(
    server: &Server,
    transaction: &Transaction,
    frozen: &Frozen,
) -> Result<Answered, Stop> {
    if !server
        .store
        .take_transaction(&transaction.handle, server.now())
        .await?
    {
        return Err(used());
    }
    audit!(info, "denied", client = frozen.client_id);
    if frozen.unread {
        // Nobody vouched for the address to which this would redirect.
        return Err(Stop::new(
            200,
            "Nothing was allowed. You can close this window.",
        ));
    }
    let to = authorize::error_redirect(
        server,
        &frozen.redirect_uri,
        frozen.state.as_deref(),
        "access_denied",
        "the user denied the request",
    );
    Ok(Answered::Redirect { to, session: None })
}

/// The token of a page: only this server can make it, only for this handle, browser and session.
fn csrf(
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

/// Those of the asked scopes that the user left ticked, with what they imply; all where the page had nothing to tick,
/// `None` if none is left. Scopes that were not asked for change nothing.
fn narrowed(scopes: &Scopes, params: &Params, asked: &str) -> Option<String> {
    let mut ticked = params.all("scope").flat_map(|s| s.split(' ')).peekable();
    if ticked.peek().is_none() {
        return (params.all("scopes").next().is_none()).then(|| asked.to_owned());
    }
    let all: Vec<&str> = asked.split(' ').collect();
    let ticked: Vec<&str> = ticked.filter(|scope| all.contains(scope)).collect();
    let left: Vec<&str> = all
        .into_iter()
        .filter(|scope| ticked.iter().any(|by| scopes.implies(by, scope)))
        .collect();
    (!left.is_empty()).then(|| left.join(" "))
}

/// Refuses a form in which one of these stands twice; only tick boxes may.
pub(crate) fn once(params: &Params, names: &[&str]) -> Result<(), Stop> {
    names
        .iter()
        .try_for_each(|name| one(params, name).map(drop))
}

fn one<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, Stop> {
    params
        .one(name)
        .map_err(|_| Stop::new(400, "A field of the form was sent twice."))
}

fn used() -> Stop {
    Stop::new(
        400,
        "This sign-in was answered already. Go back to your app and connect again.",
    )
}

/// A form that this browser was not shown.
pub(crate) fn not_from_our_page() -> Stop {
    Stop::new(
        403,
        "The answer did not come from the page that this browser was shown. Go back to your app \
         and connect again.",
    )
}
