//! The one page that signs in and asks for consent, and what its answer does.
//!
//! The page's forms carry a handle and a token. The handle names the frozen request; the token proves that the post
//! comes from the page that this browser was shown, and, where the page stood on a live session, from that session.

use std::net::IpAddr;

use super::approve::{Yes, approve};
use super::audit::audit;
use super::authorize::{self, Frozen, Stop};
use super::clock::millis;
use super::consent_page::{Page, csrf, page};
use super::login::{self, Refused};
use super::params::Params;
use super::scope::Scopes;
use super::secret::{self, Secret};
use super::server::Server;
#[cfg(feature = "fetch")]
use super::upstream;
use crate::store::{Proof, SessionRecord, StoreError, Transaction, UserRecord};

/// What a browser's cookies say.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// Set before the login, so that the page belongs to one browser.
    pub(crate) pre_login: Option<Secret>,
    /// Set by the login.
    pub(crate) session: Option<Secret>,
    /// Whether the browser says that no page led here, but its user: an address that was typed, or opened by an app.
    pub(crate) came_by_themselves: bool,
    /// Set when a user who consented goes to the upstream provider.
    #[cfg_attr(not(feature = "fetch"), allow(dead_code))]
    pub(crate) upstream: Option<Secret>,
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
        match &session {
            Some((session, _)) if !server.still_has(&session.user_id).await? => Ok(None),
            _ => Ok(session),
        }
    }
}

/// What an answer to the page does.
pub(crate) enum Answered {
    /// Back to the client; after a login with a new session.
    Redirect { to: String, session: Option<Secret> },
    /// To the upstream provider, with a cookie by which the way back is known.
    #[cfg(feature = "fetch")]
    Away { to: String, cookie: Secret },
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
    let session = session.filter(|(session, _)| is_recent(server, &frozen, session));
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

    #[cfg(feature = "fetch")]
    if let Some(upstream) = &server.upstream {
        // Who has a session that would have done, and answered the page without it, wants to be someone else.
        let other_account =
            session.is_some_and(|(session, _)| is_recent(server, &frozen, &session));
        let to = upstream::Leave {
            transaction: &transaction,
            frozen: &frozen,
            scope: &scope,
            other_account,
        };
        return upstream::leave(server, upstream, to, browser).await;
    }

    let name = one(params, "username")?.unwrap_or_default();
    let password = Secret::new(one(params, "password")?.unwrap_or_default().to_owned());
    match login::check(server, name, &password, address).await {
        Ok(user) => signed_in(server, &transaction, &frozen, &scope, &user, browser).await,
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

/// Whether a session began as lately as its client wants. Of a sign-in elsewhere it tells only when it was last relied on.
fn is_recent(server: &Server, frozen: &Frozen, session: &SessionRecord) -> bool {
    let Some(max_age) = frozen.max_age else {
        return true;
    };
    let began = session.expires_at - millis(server.config.session_lifetime);
    server.provider().is_none() && server.now() - began <= max_age.saturating_mul(1000)
}

/// Approves a request for a user who has just signed in, and begins their session.
pub(crate) async fn signed_in(
    server: &Server,
    transaction: &Transaction,
    frozen: &Frozen,
    scope: &str,
    user: &UserRecord,
    browser: &Browser,
) -> Result<Answered, Stop> {
    let client = authorize::confirm(server, frozen).await?;
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
        scope,
        user_id: &user.id,
        by: Proof::Password(&user.password),
        session,
        until: None,
    };
    let to = approve(server, frozen, &client, yes).await?;
    Ok(Answered::Redirect {
        to,
        session: Some(cookie),
    })
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
