//! The authorization request (RFC 6749 §4.1.1, OAuth 2.1 §4.1.1): judged once, then frozen until the user decides.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::clients::{self, Client, Known, Missing};
use super::consent::Browser;
use super::fault::Fault;
use super::params::Params;
use super::secret::{Secret, digest};
use super::server::Server;
use super::throttle::prefix;
use super::{dpop, pkce, redirect_uri, remembered};
use crate::store::{Kept, StoreError, Transaction, Waiting};

/// How long a user may take to sign in, in milliseconds.
pub(crate) const PATIENCE: i64 = 10 * 60 * 1000;

/// Requests that may wait at once.
pub(crate) const MOST: Waiting = Waiting {
    in_all: 20_000,
    per_origin: 200,
};

/// Longer ones are refused: a `state` is kept while its request waits.
const LONGEST_STATE: usize = 2048;

/// A request as it was judged; what the page posts later cannot change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frozen {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// Whether the request named it; if so, the token request must name the same if it names one.
    pub(crate) redirect_uri_named: bool,
    pub(crate) state: Option<String>,
    pub(crate) scope: String,
    pub(crate) challenge: String,
    /// Whether the user must sign in again, session or not.
    pub(crate) login: bool,
    /// How many seconds ago the user may have signed in at most: 0 where the client wants a sign-in now.
    #[serde(default)]
    pub(crate) max_age: Option<i64>,
    /// Whether the client's document was not read yet, so that nobody has vouched for the redirect URI.
    #[serde(default)]
    pub(crate) unread: bool,
    /// Whether the user must be asked, whatever was said before.
    #[serde(default)]
    pub(crate) ask: bool,
    /// The thumbprint of the key to which the code is bound, if the client wants that (RFC 9449 §10).
    #[serde(default)]
    pub(crate) key: Option<String>,
}

/// What becomes of an authorization request.
pub(crate) enum Begun {
    /// It waits under this handle, for this browser.
    SignIn { handle: Secret, browser: Secret },
    /// It fails, and the client may be told at once.
    Redirect(String),
    /// It fails, and a page says so.
    Page(Stop),
}

/// A page that ends the flow here.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) status: u16,
    pub(crate) text: Cow<'static, str>,
    /// Where the client expects the error, if its user wants to go there: the host, and the URL.
    pub(crate) way_back: Option<(String, String)>,
    pub(crate) retry_after: Option<u32>,
}

impl Stop {
    pub(crate) fn new(status: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            text: text.into(),
            way_back: None,
            retry_after: None,
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a sign-in failed on the store");
        let text = "The server cannot reach its database. Please try again in a moment.";
        Self {
            retry_after: Some(5),
            ..Self::new(503, text)
        }
    }
}

/// Judges an authorization request.
pub(crate) async fn begin(
    server: &Server,
    params: &Params,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Begun {
    let (client, redirect_uri) = match trusted_part(server, params, browser).await {
        Ok(known) => known,
        Err(stop) => return Begun::Page(stop),
    };
    // From here on there is a client to tell, unless its document is still to be read.
    match judge(server, params, &client, &redirect_uri) {
        Ok(frozen) => {
            match by_memory(server, &client, &frozen, browser, address).await {
                Ok(Some(to)) => return Begun::Redirect(to),
                Ok(None) => {}
                Err(stop) => return Begun::Page(stop),
            }
            if let Err(fault) = may_show(server, params, browser).await {
                return tell(server, params, &client, &redirect_uri, browser, fault).await;
            }
            match freeze(server, &frozen, browser, address).await {
                Ok((handle, browser)) => Begun::SignIn { handle, browser },
                Err(stop) => Begun::Page(stop),
            }
        }
        Err(fault) => tell(server, params, &client, &redirect_uri, browser, fault).await,
    }
}

/// Who asks, as far as it is known.
enum Asking {
    Client(Box<Client>),
    /// One whose document is read once someone signed in.
    Unread(String),
}

impl Asking {
    fn id(&self) -> &str {
        match self {
            Self::Client(client) => &client.id,
            Self::Unread(id) => id,
        }
    }
}

/// The client and one of its redirect URIs; without both there is nobody to redirect to (RFC 6749 §4.1.2.1).
async fn trusted_part(
    server: &Server,
    params: &Params,
    browser: &Browser,
) -> Result<(Asking, String), Stop> {
    let local = |text: &'static str| Stop::new(400, text);
    let client_id = params
        .one("client_id")
        .map_err(|_| local("The request names more than one client."))?
        .ok_or_else(|| local("The request does not say which client it comes from."))?;
    let asked = params
        .one("redirect_uri")
        .map_err(|_| local("The request names more than one redirect URI."))?;
    let unregistered =
        || local("The request wants to return to an address that the client did not register.");
    let mut known = clients::known(server, client_id).await?;
    if matches!(known, Known::Unread) && browser.session(server).await?.is_some() {
        known = match clients::find(server, client_id).await? {
            Some(client) => Known::Client(Box::new(client)),
            None => Known::Nobody,
        };
    }
    match known {
        Known::Client(client) => {
            let redirect_uri = registered(server, &client, asked).ok_or_else(unregistered)?;
            Ok((Asking::Client(client), redirect_uri))
        }
        Known::Unread => {
            // Whether it is the client's own is found out later; what can be judged now, is.
            let asked = asked.ok_or_else(unregistered)?;
            redirect_uri::registrable(asked, &server.config).map_err(|_| unregistered())?;
            Ok((Asking::Unread(client_id.into()), asked.to_owned()))
        }
        Known::Nobody => Err(local(
            "This server does not know the client. Remove the server in your app and add it again.",
        )),
    }
}

/// The redirect URI that a request means, if it is one of the client's.
pub(crate) fn registered(server: &Server, client: &Client, asked: Option<&str>) -> Option<String> {
    let registered = client.metadata.redirect_uris.as_slice();
    match (asked, registered) {
        (Some(asked), _) => registered
            .iter()
            .any(|r| redirect_uri::matches(r, asked, &server.config))
            .then(|| asked.to_owned()),
        (None, [only]) => redirect_uri::matches(only, only, &server.config).then(|| only.clone()),
        (None, _) => None,
    }
}

/// Makes sure that the client is still one, and that the redirect URI is its own: the document of a client that is named
/// by a URL may have come, or changed, since the request was judged.
pub(crate) async fn confirm(server: &Server, frozen: &Frozen) -> Result<Client, Stop> {
    let client = clients::find(server, &frozen.client_id).await?;
    let client = client.ok_or_else(unknown_client)?;
    match registered(server, &client, Some(&frozen.redirect_uri)) {
        Some(_) => Ok(client),
        None => {
            tracing::warn!(
                client = client.id,
                "the redirect URI is not one of the client's"
            );
            Err(Missing::Bad.into())
        }
    }
}

pub(crate) fn unknown_client() -> Stop {
    Stop::new(
        400,
        "The app is no longer registered. Go back to it and connect again.",
    )
}

fn judge(
    server: &Server,
    params: &Params,
    client: &Asking,
    redirect_uri: &str,
) -> Result<Frozen, Fault> {
    params.refuse_repeats()?;
    if params
        .one("state")?
        .is_some_and(|s| s.len() > LONGEST_STATE)
    {
        return Err(Fault::invalid_request("`state` is longer than 2048 bytes"));
    }
    // Fetching by reference is an outbound request that a stranger steers.
    if params.one("request_uri")?.is_some() {
        return Err(Fault::new(
            "request_uri_not_supported",
            "`request_uri` is not supported",
        ));
    }
    if params.one("request")?.is_some() {
        return Err(Fault::new(
            "request_not_supported",
            "`request` is not supported",
        ));
    }
    match params.one("response_type")? {
        Some("code") => {}
        None => return Err(Fault::invalid_request("`response_type` is missing")),
        Some(_) => {
            return Err(Fault::new(
                "unsupported_response_type",
                "`response_type` must be code",
            ));
        }
    }
    if params
        .one("response_mode")?
        .is_some_and(|mode| mode != "query")
    {
        return Err(Fault::invalid_request("`response_mode` must be query"));
    }
    let scope = match params.one("scope")? {
        Some(asked) => server.scopes.resolve(Some(asked))?,
        // What the client registered is its default, no limit: registration is anonymous, the user's consent is not.
        None => {
            let registered = match client {
                Asking::Client(client) => Some(client.metadata.scope.as_str()),
                Asking::Unread(_) => None,
            };
            server
                .scopes
                .resolve(registered)
                .or_else(|_no_longer_known| server.scopes.resolve(None))?
        }
    };
    check_resource(server, params)?;
    let challenge = pkce::challenge(
        params.one("code_challenge")?,
        params.one("code_challenge_method")?,
    )?;
    let key = params.one("dpop_jkt")?;
    if !key.is_none_or(dpop::is_thumbprint) {
        return Err(Fault::invalid_request(
            "`dpop_jkt` is not the thumbprint of a key",
        ));
    }
    let prompts = params.one("prompt")?.unwrap_or_default();
    let prompt = |wanted| prompts.split(' ').any(|p| p == wanted);
    let max_age = match prompt("login") {
        true => Some(0),
        false => max_age(params)?,
    };
    let login = max_age == Some(0) || prompt("select_account");
    let ask = login || max_age.is_some() || prompt("consent");
    Ok(Frozen {
        client_id: client.id().to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        redirect_uri_named: params.one("redirect_uri")?.is_some(),
        state: params.one("state")?.map(Into::into),
        scope,
        challenge: challenge.to_owned(),
        login,
        max_age,
        unread: matches!(client, Asking::Unread(_)),
        ask,
        key: key.map(Into::into),
    })
}

/// How old a sign-in may be, in seconds (OpenID Connect Core §3.1.2.1).
fn max_age(params: &Params) -> Result<Option<i64>, Fault> {
    let Some(text) = params.one("max_age")? else {
        return Ok(None);
    };
    let seconds = text.parse::<u32>();
    let bad = |_| Fault::invalid_request("`max_age` is no number of seconds");
    Ok(Some(i64::from(seconds.map_err(bad)?)))
}

/// The redirect of a request that needs no question. Of a client that is still to be read nothing is remembered.
async fn by_memory(
    server: &Server,
    client: &Asking,
    frozen: &Frozen,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Option<String>, Stop> {
    match client {
        Asking::Client(client) => {
            remembered::answer(server, client, frozen, browser, address).await
        }
        Asking::Unread(_) => Ok(None),
    }
}

/// Refuses to show a page where the client wants none (`prompt=none`).
async fn may_show(server: &Server, params: &Params, browser: &Browser) -> Result<(), Fault> {
    if params.one("prompt")? != Some("none") {
        return Ok(());
    }
    Err(match browser.session(server).await?.is_some() {
        true => Fault::new("consent_required", "the user must consent"),
        false => Fault::new("login_required", "the user must sign in"),
    })
}

/// Refuses a request for another resource than this server (RFC 8707 §2). A trailing slash and an upper-case host
/// mean the same resource.
pub(crate) fn check_resource(server: &Server, params: &Params) -> Result<(), Fault> {
    let ours = Url::parse(&server.resource).ok();
    for resource in params.all("resource") {
        let asked = Url::parse(resource).ok().map(|mut url| {
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            url
        });
        let same =
            asked.is_some() && asked == ours && resource.bytes().all(|b| b.is_ascii_graphic());
        if !same {
            return Err(Fault::new(
                "invalid_target",
                "`resource` is not this server's endpoint",
            ));
        }
    }
    Ok(())
}

pub(crate) async fn freeze(
    server: &Server,
    frozen: &Frozen,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<(Secret, Secret), Stop> {
    let handle = Secret::random();
    // A browser that is in the middle of another sign-in keeps its cookie, so that both work.
    let cookie = browser.pre_login.clone().unwrap_or_else(Secret::random);
    let now = server.now();
    let transaction = Transaction {
        handle: handle.digest(),
        browser: cookie.digest(),
        request: serde_json::to_string(frozen).map_err(|e| StoreError::Corrupt(e.to_string()))?,
        expires_at: now + PATIENCE,
        origin: digest(&format!("sign-in from {}", prefix(address))),
    };
    let status = match server
        .store
        .put_transaction(&transaction, MOST, now)
        .await?
    {
        Kept::Yes => return Ok((handle, cookie)),
        Kept::FullHere => 429,
        Kept::Full => 503,
    };
    let text = "Too many sign-ins are under way. Please try again in a few minutes.";
    Err(Stop {
        retry_after: Some(60),
        ..Stop::new(status, text)
    })
}

/// Tells the client of an error before anyone signed in. A stranger can register any https address, so an automatic
/// redirect to it would make this server an open redirector (RFC 9700 §4.11.2): it happens only towards the user's own
/// machine, or to where this user has let this client go before.
async fn tell(
    server: &Server,
    params: &Params,
    client: &Asking,
    redirect_uri: &str,
    browser: &Browser,
    fault: Fault,
) -> Begun {
    if fault.status == 503 {
        return Begun::Page(Stop {
            retry_after: fault.retry_after,
            ..Stop::new(
                503,
                "The server cannot reach its database. Please try again in a moment.",
            )
        });
    }
    let text = format!(
        "The app sent a request that cannot be served: {}.",
        fault.description
    );
    let Asking::Client(client) = client else {
        return Begun::Page(Stop::new(400, text));
    };
    let state = params.one("state").ok().flatten();
    let to = error_redirect(server, redirect_uri, state, fault.error, &fault.description);
    match may_redirect(server, client, redirect_uri, browser).await {
        Ok(true) => Begun::Redirect(to),
        Ok(false) => Begun::Page(Stop {
            way_back: Some((redirect_uri::shown_host(redirect_uri), to)),
            ..Stop::new(400, text)
        }),
        Err(error) => Begun::Page(error.into()),
    }
}

async fn may_redirect(
    server: &Server,
    client: &Client,
    redirect_uri: &str,
    browser: &Browser,
) -> Result<bool, StoreError> {
    let loopback = Url::parse(redirect_uri)
        .is_ok_and(|u| u.scheme() == "http" && redirect_uri::is_loopback(&u, &server.config));
    if loopback {
        return Ok(true);
    }
    match browser.session(server).await? {
        Some((session, _)) => {
            server
                .store
                .approved_before(&session.user_id, &client.id, redirect_uri, server.now())
                .await
        }
        None => Ok(false),
    }
}

/// The redirect that carries an error (RFC 6749 §4.1.2.1, RFC 9207 §2).
pub(crate) fn error_redirect(
    server: &Server,
    redirect_uri: &str,
    state: Option<&str>,
    error: &str,
    description: &str,
) -> String {
    let mut params = vec![("error", error), ("error_description", description)];
    params.extend(state.map(|state| ("state", state)));
    params.push(("iss", &server.issuer));
    redirect_uri::with_params(redirect_uri, &params)
}
