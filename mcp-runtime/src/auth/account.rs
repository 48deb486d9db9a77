//! The account page: what a user connected, and the ways to end it.
//!
//! Its forms carry a token that only this server can make, for this session, or before one for this browser. An answer
//! with a wrong token changes nothing and gets the page again.

use std::net::IpAddr;

use super::audit::audit;
use super::authorize::Stop;
use super::clients;
use super::clock::millis;
use super::consent::{Browser, explain, once};
use super::login;
use super::params::Params;
use super::redirect_uri;
use super::secret::{self, Secret};
use super::server::Server;
use super::standing::Standing;
use crate::store::{GrantLine, Millis, SessionRecord};

const DAY: Millis = 24 * 60 * 60 * 1000;

/// Rows of the page. Whoever has more can still end all of them at once.
const MOST_ROWS: usize = 100;

/// What the page shows.
pub(crate) struct Page {
    pub(crate) token: Secret,
    /// Who is signed in; `None` shows the fields.
    pub(crate) user: Option<String>,
    pub(crate) apps: Vec<App>,
    /// How many more there are.
    pub(crate) more: usize,
    /// The name that was typed before.
    pub(crate) typed: String,
    pub(crate) problem: Option<&'static str>,
    /// What the last answer did.
    pub(crate) done: Option<&'static str>,
}

/// Something that may act for the user.
pub(crate) struct App {
    pub(crate) grant: String,
    /// The name that it claims.
    pub(crate) name: Option<String>,
    /// Whether someone stands for that name.
    pub(crate) verified: bool,
    pub(crate) host: String,
    /// Its scopes, in words.
    pub(crate) scopes: Vec<String>,
    /// Days since it was connected, and until it ends at the latest.
    pub(crate) days: (i64, i64),
}

/// What an answer does.
pub(crate) enum Answered {
    /// It is done: to the page anew, so that a reload repeats nothing.
    Done { what: &'static str, cookie: Cookie },
    /// The page again, with a problem.
    Again {
        status: u16,
        page: Box<Page>,
        retry_after: Option<u32>,
    },
}

/// What becomes of the session's cookie.
pub(crate) enum Cookie {
    Stays,
    New(Secret),
    Goes,
}

/// The page; and before someone signs in, the cookie that ties it to this browser.
pub(crate) async fn show(
    server: &Server,
    params: &Params,
    browser: &mut Browser,
) -> Result<(Page, Option<Secret>), Stop> {
    let session = browser.session(server).await?;
    let fresh = session.is_none().then(|| {
        let cookie = browser.pre_login.take().unwrap_or_else(Secret::random);
        browser.pre_login = Some(cookie.clone());
        cookie
    });
    let mut page = page(server, browser, session).await?;
    // Anybody can make a link with it: it must not say what the page itself belies.
    page.done = match (params.one("done"), &page.user) {
        (Ok(Some("disconnected")), Some(_)) => {
            Some("It is disconnected. What it still had is refused from now on.")
        }
        (Ok(Some("signed-out")), None) => Some("You are signed out of this browser."),
        (Ok(Some("everywhere")), None) => {
            Some("You are signed out everywhere, and nothing is connected any more.")
        }
        _ => None,
    };
    Ok((page, fresh))
}

/// The user's answer.
pub(crate) async fn answer(
    server: &Server,
    params: &Params,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Answered, Stop> {
    once(params, &["csrf", "action", "grant", "username", "password"])?;
    let one = |name| params.one(name).ok().flatten().unwrap_or_default();
    let session = browser.session(server).await?;
    if !secret::same(
        one("csrf"),
        token(server, browser, session.as_ref()).expose(),
    ) {
        let mut page = page(server, browser, session).await?;
        page.problem = Some("The page was out of date, so nothing was changed. Please try again.");
        return Ok(Answered::Again {
            status: 403,
            page: Box::new(page),
            retry_after: None,
        });
    }
    let Some((session, _)) = session else {
        if let Some(provider) = server.provider() {
            // Passwords of this server open nothing where users belong to a provider.
            return Err(Stop::new(
                403,
                format!("Users of this server sign in at {provider}."),
            ));
        }
        return sign_in(server, one("username"), one("password"), browser, address).await;
    };
    let user = session.user_id.as_str();
    match one("action") {
        "disconnect" => {
            // A grant of someone else's is not there, as far as this user can tell.
            let grants = server.store.list_grants(Some(user), server.now()).await?;
            if let Some(line) = grants.iter().find(|line| line.grant.id == one("grant")) {
                let grant = &line.grant;
                server.revoke_grant(&grant.id).await?;
                audit!(
                    info,
                    "grant revoked by its user",
                    user = user,
                    client = grant.client_id,
                    grant = grant.id
                );
            }
            Ok(done("disconnected", Cookie::Stays))
        }
        "sign-out" => {
            server.store.end_session(&session.handle).await?;
            audit!(info, "signed out", user = user);
            Ok(done("signed-out", Cookie::Goes))
        }
        "everywhere" => {
            server.end_user(user).await?;
            audit!(info, "signed out everywhere", user = user);
            Ok(done("everywhere", Cookie::Goes))
        }
        _ => Err(Stop::new(
            400,
            "The form was not filled in as it was shown.",
        )),
    }
}

fn done(what: &'static str, cookie: Cookie) -> Answered {
    Answered::Done { what, cookie }
}

async fn sign_in(
    server: &Server,
    name: &str,
    password: &str,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Answered, Stop> {
    let password = Secret::new(password.to_owned());
    let refused = match login::check(server, name, &password, address).await {
        Ok(user) => {
            let cookie = Secret::random();
            let record = SessionRecord {
                handle: cookie.digest(),
                user_id: user.id,
                expires_at: server.now() + millis(server.config.session_lifetime),
            };
            let replaced = browser.session.as_ref().map(Secret::digest);
            let begun = server
                .store
                .begin_session(&record, replaced.as_deref(), &user.password, server.now())
                .await?;
            match begun {
                true => return Ok(done("", Cookie::New(cookie))),
                // The password was changed at this very moment.
                false => login::Refused::Wrong,
            }
        }
        Err(refused) => refused,
    };
    let (status, problem, retry_after) = explain(refused)?;
    let mut page = page(server, browser, None).await?;
    page.typed = name.chars().take(64).collect();
    page.problem = Some(problem);
    Ok(Answered::Again {
        status,
        page: Box::new(page),
        retry_after,
    })
}

async fn page(
    server: &Server,
    browser: &Browser,
    session: Option<(SessionRecord, String)>,
) -> Result<Page, Stop> {
    let token = token(server, browser, session.as_ref());
    let now = server.now();
    let mut grants = match &session {
        Some((session, _)) => {
            server
                .store
                .list_grants(Some(&session.user_id), now)
                .await?
        }
        None => Vec::new(),
    };
    let more = grants.len().saturating_sub(MOST_ROWS);
    grants.truncate(MOST_ROWS);
    Ok(Page {
        token,
        user: session.map(|(_, name)| name),
        apps: grants.iter().map(|line| app(server, line, now)).collect(),
        more,
        typed: String::new(),
        problem: None,
        done: None,
    })
}

fn app(server: &Server, line: &GrantLine, now: Millis) -> App {
    let grant = &line.grant;
    let metadata = line.client_metadata.as_deref();
    let (name, standing) = clients::introduced(server, &grant.client_id, metadata);
    App {
        grant: grant.id.clone(),
        name,
        verified: standing == Standing::Configured,
        host: redirect_uri::shown_host(&grant.redirect_uri),
        scopes: grant
            .scope
            .split(' ')
            // A scope that the server no longer has stands for nothing.
            .filter(|scope| server.scopes.names().any(|name| name == *scope))
            .map(|scope| server.scopes.words(scope).to_owned())
            .collect(),
        days: (
            (now - grant.created_at) / DAY,
            (grant.expires_at - now + DAY - 1) / DAY,
        ),
    }
}

/// The token of a page: for its session, or before one for its browser.
fn token(server: &Server, browser: &Browser, session: Option<&(SessionRecord, String)>) -> Secret {
    let cookie = match session {
        Some(_) => &browser.session,
        None => &browser.pre_login,
    };
    let kind = if session.is_some() {
        "session"
    } else {
        "browser"
    };
    match cookie {
        Some(cookie) => server.derive.derive("account", cookie.expose(), &[kind]),
        // Without a cookie there is no page that could have been shown.
        None => Secret::random(),
    }
}
