//! Streamable HTTP on actix-web: `/mcp` for both wires, `/health`, and the doors in front of them.

mod accept;
mod answer;
mod body;
#[cfg(feature = "cli")]
mod dev;
mod exchange;
mod get;
mod headers;
mod listen;
mod memory;
mod messages;
mod mount;
mod post;
mod resume;
mod running;
mod session;
mod site;
mod sse;

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{self, Credentials, Guard, Refusal};
use crate::dispatch::Dispatcher;
use crate::extract::User;
use crate::transport::questions::Questions;
use answer::{refusal, refuse};
use resume::Streams;
use running::Calls;
use session::Sessions;
use site::{Doorman, Host, MISDIRECTED, Origin, PREFLIGHT, asked_name};
use sse::Recheck;

#[cfg(feature = "cli")]
pub(crate) use dev::serve as serve_dev;
pub use listen::Running;
pub(crate) use listen::bind;
pub use mount::Mount;

/// The part of the log that says nothing new: our banner has said it.
#[cfg(all(feature = "cli", feature = "log"))]
pub(crate) const QUIET_LOG: &str = "actix_server=warn";

/// The header that carries a session's id on the wires before 2026-07-28.
static SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// The header of a client's proof that it holds the key of its token, and that of the nonce for its next one (RFC 9449).
const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What all workers share.
pub(crate) struct Endpoint {
    dispatcher: Arc<Dispatcher>,
    guard: Guard,
    doorman: Doorman,
    sessions: Sessions,
    questions: Arc<Questions>,
    calls: Arc<Calls>,
    streams: Arc<Streams>,
    path: String,
}

impl Endpoint {
    /// `path` is where `/mcp` stands, with the prefix of the public URL.
    pub(crate) fn new(
        dispatcher: Arc<Dispatcher>,
        guard: Guard,
        doorman: Doorman,
        path: String,
    ) -> Self {
        Self {
            dispatcher,
            guard,
            doorman,
            sessions: Sessions::new(),
            questions: Arc::default(),
            calls: Arc::default(),
            streams: Arc::default(),
            path,
        }
    }

    /// Asks again whether a caller may be answered, where callers sign in at all.
    fn recheck(self: &Arc<Self>, heads: &HeaderMap) -> Option<Recheck> {
        let credential = heads.get(header::AUTHORIZATION)?;
        let credential = Bytes::copy_from_slice(credential.as_bytes());
        let endpoint = self.clone();
        Some(Box::new(move || {
            let (endpoint, credential) = (endpoint.clone(), credential.clone());
            Box::pin(async move { endpoint.guard.still_admits(&credential).await })
        }))
    }

    async fn authenticate(
        &self,
        heads: &HeaderMap,
        method: &Method,
    ) -> Result<Option<Arc<User>>, Refusal> {
        if self.guard.is_open() {
            return Ok(None);
        }
        // Of a header that must stand there once, two are as bad as many.
        let values = |name| {
            let mut values = heads.get_all(name).map(header::HeaderValue::as_bytes);
            let two = [values.next(), values.next()];
            (
                two.map(Option::unwrap_or_default),
                two.iter().flatten().count(),
            )
        };
        let (authorization, n) = values(header::AUTHORIZATION);
        let (proofs, m) = values(DPOP);
        let request = Credentials {
            authorization: &authorization[..n],
            proofs: &proofs[..m],
            method: method.as_str(),
        };
        self.guard.authenticate(request).await
    }
}

/// Adds every route to an `actix_web::App`.
pub(crate) fn configure(endpoint: &Arc<Endpoint>, cfg: &mut ServiceConfig) {
    // Whatever the Host: a load balancer asks by address.
    cfg.route("/health", web::get().to(|| async { "ok" }));
    for path in [endpoint.path.clone(), format!("{}/", endpoint.path)] {
        let endpoint = endpoint.clone();
        cfg.route(
            &path,
            web::to(move |request: HttpRequest, mut payload: Payload| {
                let endpoint = endpoint.clone();
                async move { mcp(&request, &mut payload, &endpoint).await }
            }),
        );
    }
    let shared = endpoint.clone();
    let guard = endpoint.guard.clone();
    cfg.service(
        web::scope("")
            .wrap(from_fn(move |request, next| {
                at_the_door(shared.clone(), request, next)
            }))
            .configure(move |cfg| auth::http::configure(&guard, cfg)),
    );
}

/// The door of every route but `/mcp`, which has its own: only the one public name leads to metadata and pages.
async fn at_the_door<B: MessageBody + 'static>(
    endpoint: Arc<Endpoint>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match endpoint.doorman.host(asked_name(request.head())) {
        Host::Public => {
            let mut response = served(&endpoint.guard, request, next)
                .await?
                .map_into_boxed_body();
            endpoint.doorman.insist_on_https(response.headers_mut());
            Ok(response)
        }
        Host::OtherLoopback => {
            let text = endpoint.doorman.right_url(request.path());
            Ok(request.into_response(refuse(MISDIRECTED, text)))
        }
        Host::Foreign => Ok(request.into_response(foreign())),
    }
}

/// Serves a request with its caller noted, for the throttle and the audit trail.
async fn served<B: MessageBody + 'static>(
    guard: &Guard,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    #[cfg(feature = "auth")]
    if let Some(caller) = auth::http::caller::of(guard, &request) {
        return caller.scope(next.call(request)).await;
    }
    #[cfg(not(feature = "auth"))]
    let _nobody_is_noted = guard;
    next.call(request).await
}

fn foreign() -> HttpResponse {
    refuse(
        MISDIRECTED,
        "this server does not go by that name: check PUBLIC_URL and the proxy's Host header",
    )
}

async fn mcp(
    request: &HttpRequest,
    payload: &mut Payload,
    endpoint: &Arc<Endpoint>,
) -> HttpResponse {
    let heads = request.headers();
    let host = endpoint.doorman.host(asked_name(request.head()));
    if host == Host::Foreign {
        return foreign();
    }
    let origin = endpoint.doorman.origin(heads);
    if origin == Origin::Refused {
        return refuse(
            StatusCode::FORBIDDEN,
            "this origin may not call this server: add it to ALLOWED_ORIGINS",
        );
    }
    let mut response = match request.method() {
        &Method::POST => post::post(request, payload, endpoint).await,
        &Method::GET => get::get(heads, endpoint).await,
        &Method::DELETE => delete(heads, endpoint).await,
        &Method::OPTIONS => preflight(),
        method => not_allowed(heads, method, endpoint).await,
    };
    if !endpoint.guard.is_open()
        && heads.contains_key(DPOP)
        && let Some(nonce) = endpoint.guard.proof_nonce()
        && let Ok(nonce) = header::HeaderValue::try_from(nonce)
    {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    if host == Host::OtherLoopback && response.headers().contains_key(header::WWW_AUTHENTICATE) {
        // The challenge names the public URL, and a client that came by another name would not follow it.
        response = refuse(MISDIRECTED, endpoint.doorman.right_url(&endpoint.path));
    }
    origin.decorate(response.headers_mut());
    endpoint.doorman.insist_on_https(response.headers_mut());
    response
}

fn preflight() -> HttpResponse {
    let mut builder = HttpResponse::NoContent();
    for (name, value) in PREFLIGHT {
        builder.insert_header((name, value));
    }
    builder.finish()
}

/// Ends a session of the older wires.
async fn delete(heads: &HeaderMap, endpoint: &Endpoint) -> HttpResponse {
    let user = match endpoint.authenticate(heads, &Method::DELETE).await {
        Ok(user) => user,
        Err(refused) => return refusal(&refused),
    };
    let Some(id) = heads.get(&SESSION) else {
        return method_not_allowed();
    };
    match endpoint.sessions.find(
        id.to_str().unwrap_or_default(),
        &User::caller(user.as_deref()),
    ) {
        Some(session) => {
            endpoint.sessions.end(&session);
            endpoint.calls.cancel_all(&session.scope());
            HttpResponse::NoContent().finish()
        }
        None => post::no_session(),
    }
}

async fn not_allowed(heads: &HeaderMap, method: &Method, endpoint: &Endpoint) -> HttpResponse {
    match endpoint.authenticate(heads, method).await {
        Ok(_) => method_not_allowed(),
        Err(refused) => refusal(&refused),
    }
}

fn method_not_allowed() -> HttpResponse {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "send messages by POST");
    response.headers_mut().insert(
        header::ALLOW,
        header::HeaderValue::from_static("POST, GET, DELETE, OPTIONS"),
    );
    response
}
